import type { LogPosition } from "./tensorboard.ts";
import { RULE } from "./worklog.ts";

/**
 * The lines of a `metrics.jsonl` that come before a position. Lines that are cut short or damaged are left out, as are
 * those of the epochs and steps that will be trained again.
 */
export function cutMetrics(text: string, { epoch, globalStep }: LogPosition): string {
  return text.split("\n").filter((line) => {
    const entry = parseObject(line);
    if (!entry) return false;
    return entry.kind === "step"
      ? Number(entry.globalStep) <= globalStep
      : Number(entry.epoch) < epoch;
  }).map((line) => `${line}\n`).join("");
}

function parseObject(line: string): Record<string, unknown> | null {
  try {
    const value = JSON.parse(line);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

/** The part of a `worklog.txt` before the first block of an epoch that will be trained again, or that is cut short. */
export function cutWorklog(text: string, { epoch }: LogPosition): string {
  let at = 0;
  for (;;) {
    const start = text.indexOf(`${RULE}\n`, at);
    if (start < 0) return text.slice(0, text.lastIndexOf("\n") + 1);
    const end = text.indexOf(`\n${RULE}\n`, start + RULE.length);
    const first = /^epoch: (\d+)$/m.exec(text.slice(start, end < 0 ? undefined : end));
    if (end < 0 || !first || Number(first[1]) >= epoch) return text.slice(0, start);
    at = end + RULE.length + 2;
  }
}
