import type { TrainMetrics } from "../events.ts";
import type { RunMetrics } from "./run_metrics.ts";

/** Times of the part of an epoch that this process trains. */
export class EpochClock {
  /** Milliseconds in which no step could run for want of its batch. */
  dataMilliseconds = 0;
  /** Steps submitted so far. */
  steps = 0;
  readonly #start: number;
  #js = 0;
  #afterFirst = 0;
  #finished = { steps: 0, images: 0, at: 0 };

  /** Starts it; `now` gives milliseconds. */
  constructor(readonly now: () => number = () => performance.now()) {
    this.#start = now();
  }

  /** Seconds since this part of the epoch began. */
  get seconds(): number {
    return (this.now() - this.#start) / 1000;
  }

  /** Counts a step that was submitted and took so many milliseconds of JavaScript. */
  countStep(jsMilliseconds: number): void {
    this.steps++;
    // The first step is recorded and compiles kernels; it says nothing about the others.
    if (this.steps === 1) this.#afterFirst = this.now();
    else this.#js += jsMilliseconds;
  }

  /** Notes that the device has finished so many of the steps, with so many images. */
  countFinished(steps: number, images: number): void {
    this.#finished = { steps, images, at: this.now() };
  }

  /** Training images a second that the device has finished, without the first step where there are others. */
  imagesPerSecond(batchSize: number): number {
    const { steps, images, at } = this.#finished;
    const [from, count] = steps > 1
      ? [this.#afterFirst, images - batchSize]
      : [this.#start, images];
    return count / Math.max(1e-3, (at - from) / 1000);
  }

  /** How the epoch's training went, with the averages of `run`. */
  metrics(run: RunMetrics, batchSize: number): TrainMetrics {
    const { loss, losses, top1, top5, scaling } = run;
    const { seconds } = this;
    const dataSeconds = this.dataMilliseconds / 1000;
    return {
      loss,
      losses,
      top1,
      ...(top5 !== undefined && { top5 }),
      seconds,
      dataSeconds,
      stepSeconds: Math.max(0, seconds - dataSeconds),
      jsMsPerStep: this.#js / Math.max(1, this.steps - 1),
      imagesPerSecond: this.imagesPerSecond(batchSize),
      ...(scaling ? { scaling } : {}),
    };
  }
}
