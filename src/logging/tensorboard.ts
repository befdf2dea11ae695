import { join } from "node:path";
import type { EventValue } from "../formats/tensorboard/event.ts";
import { encodePng } from "../formats/tensorboard/png.ts";
import type { EventSink } from "../train/events.ts";
import { EventFile, ownEventFiles, removeEventFiles } from "./event_file.ts";
import { heatMap } from "./heat_map.ts";
import { epochScalars, type LogPosition, type LogScalars, pointScalars } from "./log_scalars.ts";

/**
 * Logs a run for TensorBoard, in the run's `train.events` as mdistiller does: figures of every epoch with the epoch as
 * their step; and, in `train.events/steps`, those of the steps between two points with the run's step.
 */
export class TensorBoardLog {
  readonly #epochs: EventFile;
  readonly #steps: EventFile;
  /** Whether nothing is logged there yet, so that what does not change in a run is still to be written. */
  readonly fresh: boolean;

  /**
   * Without `from`, removes the event files of an earlier run.
   *
   * @param folder the folder `train.events` of the run
   * @param from where the run goes on, or null where it starts
   * @throws WriteError where the folder cannot be read or written
   */
  constructor(folder: string, from: LogPosition | null) {
    const steps = join(folder, "steps");
    if (!from) { for (const each of [folder, steps]) removeEventFiles(each); }
    this.fresh = ownEventFiles(folder).length === 0;
    this.#epochs = new EventFile(folder, from && from.epoch);
    this.#steps = new EventFile(steps, from && from.globalStep + 1);
  }

  /** Writes the figures of epochs and points. */
  readonly sink: EventSink = (event) => {
    if (event.type === "epoch_end") this.#epochs.write(event.epoch, scalars(epochScalars(event)));
    if (event.type === "point") this.#steps.write(event.globalStep, scalars(pointScalars(event)));
  };

  /** Writes a text in Markdown. */
  text(tag: string, text: string): void {
    this.#epochs.write(0, [{ tag: `${tag}/text_summary`, text }]);
  }

  /** Draws a square matrix [n, n]; a text under the same tag says what its colours mean. */
  async matrix(tag: string, matrix: Float32Array, n: number, title: string): Promise<void> {
    const { pixels, size, low, high } = heatMap(matrix, n);
    const png = await encodePng(pixels, size, size);
    const range = `dark is ${low.toPrecision(4)}, bright is ${high.toPrecision(4)}`;
    this.#epochs.write(0, [{ tag, image: { height: size, width: size, png } }]);
    this.text(tag, `${title}: [${n}, ${n}], ${range}; the diagonal is not in the range.`);
  }
}

function scalars(figures: LogScalars): EventValue[] {
  return Object.entries(figures).map(([tag, scalar]) => ({ tag, scalar }));
}
