import { format } from "@std/fmt/bytes";
import { StatusLine } from "../../logging/status_line.ts";
import { terminalColumns, writeTerminal } from "../../logging/terminal.ts";
import { fitLine, part } from "../../logging/lines.ts";
import { timeLeft } from "../../logging/progress_lines.ts";
import { barText } from "../../logging/text.ts";
import type { CountBar } from "./count_bar.ts";

const FRAME_MS = 100;
/** Milliseconds between two plain lines where there is no terminal. */
const LINE_MS = 10_000;

/**
 * Shows bytes as they arrive, on standard error: a bar on a terminal, elsewhere a line from time to time.
 *
 * @param what what is done, such as `fetching cifar-100-python.tar.gz`
 */
export function byteBar(what: string): CountBar {
  const status = Deno.stderr.isTerminal()
    ? new StatusLine(
      (text) => writeTerminal("stderr", text),
      terminalColumns,
    )
    : null;
  let last = -Infinity;
  let first: { at: number; done: number } | null = null;
  return {
    update: (done, total) => {
      const now = performance.now();
      first ??= { at: now, done };
      if (now - last < (status ? FRAME_MS : LINE_MS) && done < total) return;
      last = now;
      const speed = (done - first.done) / Math.max(1e-3, (now - first.at) / 1000);
      const left = (total - done) / speed;
      const bar = (width: number) => barText(done / total, width);
      const parts = [
        part(what, [2, ""]),
        ...(status ? [part(bar(24), [9, bar(12)], [8, bar(6)], [5, ""])] : []),
        part(`${format(done)} of ${format(total)}`, [3, ""]),
        part(`${format(speed)}/s`, [4, ""]),
        timeLeft(left),
      ];
      if (status) status.show(fitLine(parts, status.room));
      else console.error(fitLine(parts, Infinity));
    },
    clear: () => status?.clear(),
  };
}
