import type { EpochEnd, EventSink, Point } from "../train/events.ts";

/** A line of `metrics.jsonl` for an epoch: the `epoch_end` event with `kind` for its type. */
export type EpochLine = { readonly kind: "epoch" } & Omit<EpochEnd, "type">;

/** A line of `metrics.jsonl` for the steps between two points: the `point` event with `kind` for its type. */
export type StepLine = { readonly kind: "step" } & Omit<Point, "type">;

/**
 * Writes `metrics.jsonl`: one JSON object a line, an {@linkcode EpochLine} for each epoch and a {@linkcode StepLine} every
 * LOG.TENSORBOARD_FREQ steps. Keys are added but not renamed; a number that is not finite is null. A line is written at once with its line break, so that only
 * the last one can be cut short.
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
