/// <reference lib="deno.worker" />
import type { ToTicker } from "./compile_ticker.ts";
import { formatSeconds } from "./text.ts";
import { StatusLine } from "./status_line.ts";
import { writeTerminal } from "./terminal.ts";

let timer: ReturnType<typeof setTimeout> | undefined;

function show({ line }: ToTicker): void {
  const { before, after, offset, since, columns } = line;
  const text = before + formatSeconds((offset + Date.now() - since) / 1000) + after;
  const write = (text: string) => writeTerminal("stdout", text);
  if (columns === null) write(`${text}\n`);
  else new StatusLine(write, () => columns).show(text);
}

function tick(message: ToTicker): void {
  const { current, number, line } = message;
  if (Atomics.load(current, 0) !== number) return;
  show(message);
  timer = setTimeout(() => tick(message), line.period);
}

self.onmessage = ({ data }: MessageEvent<ToTicker>) => {
  clearTimeout(timer);
  timer = setTimeout(() => tick(data), data.line.wait);
};
