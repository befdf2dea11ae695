import type { EpochEnd, EventSink, Point } from "../train/events.ts";
import type { LogPosition } from "./log_scalars.ts";

/** A line of `metrics.jsonl` for an epoch: the `epoch_end` event with `kind` for its type. */
export type EpochLine = { readonly kind: "epoch" } & Omit<EpochEnd, "type">;

/** A line of `metrics.jsonl` for the steps between two points: the `point` event with `kind` for its type. */
export type StepLine = { readonly kind: "step" } & Omit<Point, "type">;

/**
 * Writes `metrics.jsonl`: one JSON object a line, an {@linkcode EpochLine} for each epoch and a {@linkcode StepLine} every
 * LOG.TENSORBOARD_FREQ steps. Keys are added but not renamed; a number that is not finite is null. A line is
 * written at once with its line break, so that only the last one can be cut short.
 *
 * @param write appends to the file
 */
export function jsonl(write: (text: string) => void): EventSink {
  return (event) => {
    if (event.type !== "epoch_end" && event.type !== "point") return;
    const { type, ...metrics } = event;
    const kind = type === "point" ? "step" : "epoch";
    write(JSON.stringify({ kind, ...metrics }) + "\n");
  };
}

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
