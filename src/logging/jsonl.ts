import type { EventSink } from "../train/events.ts";

/**
 * Writes one JSON object a line for each epoch: the `epoch_end` event without its type.
 *
 * @param write appends to the file
 */
export function jsonl(write: (text: string) => void): EventSink {
  return (event) => {
    if (event.type !== "epoch_end") return;
    const { type: _, ...metrics } = event;
    write(JSON.stringify(metrics) + "\n");
  };
}
