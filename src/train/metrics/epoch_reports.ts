import type { Schedule } from "../../distill/distiller.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import { ReadbackRing } from "../../gpu/readback_ring.ts";
import type { EpochClock } from "./epoch_clock.ts";
import type { EventSink, TrainMetrics } from "../events.ts";
import { hasTop5, type RunMetrics, runMetrics } from "./run_metrics.ts";
import { TOTALS } from "./step_totals.ts";
import type { TimeLeft } from "./time_left.ts";
import type { TrainStep } from "../train_step.ts";
import { refuseBadMetrics } from "../training_error.ts";

const READ_EVERY_MS = 200;

/** What {@linkcode EpochReports} needs. */
interface EpochReportsOptions {
  /** The device. */
  readonly gpu: Gpu;
  /** Its totals are read back. */
  readonly step: TrainStep;
  /** The epoch. */
  readonly schedule: Schedule;
  /** Steps of the epoch that were done before this process took it up. */
  readonly firstStep: number;
  /** Training steps of an epoch. */
  readonly stepsPerEpoch: number;
  /** Images in a whole training batch. */
  readonly batchSize: number;
  /** Images of an epoch. */
  readonly images: number;
  /** Classes of the images. */
  readonly classes: number;
  /** Says how long the run still takes. */
  readonly left: TimeLeft;
  /** Learning rate of a step of the epoch, counted from 1. */
  readonly lr: (step: number) => number;
  /** Times of the epoch. */
  readonly clock: EpochClock;
  /** Where `point` events are due. */
  readonly points: PointWindow;
  /** Hears of steps and points. */
  readonly sink: EventSink;
}

/** Reads the totals of an epoch's steps back a few times a second, tells them as events, and ends a run gone wrong. */
export class EpochReports {
  readonly #ring: ReadbackRing<number>;
  #lastRead = -Infinity;
  #last: RunMetrics | null = null;

  /** Allocates the staging buffers. */
  constructor(readonly options: EpochReportsOptions) {
    this.#ring = new ReadbackRing(options.gpu, 4 * TOTALS, this.#receive);
  }

  /** Whether a step of the epoch, counted from 1 and submitted last, is to be reported. */
  due(step: number): boolean {
    const { stepsPerEpoch, points, step: { shared } } = this.options;
    // What is wrong for one process is for all, and at the same step.
    const wrong = shared !== null && shared.sums[1] > 0;
    return step === stepsPerEpoch || points.endsAt(step) || wrong ||
      performance.now() - this.#lastRead > READ_EVERY_MS;
  }

  /**
   * Reads the totals back as they are after a step.
   *
   * @throws TrainingError when an earlier report was bad.
   */
  async push(step: number): Promise<void> {
    const { step: { shared, totals }, stepsPerEpoch } = this.options;
    if (!shared) await this.#ring.push(totals.storage, step);
    else if (step < stepsPerEpoch) this.#receive(shared.sums.slice(), step);
    else this.#receive(await this.options.step.readTotals(), step);
    this.#lastRead = performance.now();
  }

  /**
   * Waits for everything that is under way.
   *
   * @throws TrainingError when it is bad.
   */
  drain(): Promise<void> {
    return this.#ring.drain();
  }

  /** How the epoch's training went; after its last step, drained. */
  metrics(): TrainMetrics {
    if (!this.#last) throw new Error("metrics of an epoch of which no step was reported");
    const { clock, batchSize } = this.options;
    return clock.metrics(this.#last, batchSize);
  }

  /** Frees the staging buffers. */
  dispose(): void {
    this.#ring.dispose();
  }

  readonly #receive = (totals: Float32Array, step: number): void => {
    const { clock, points, batchSize, firstStep, schedule } = this.options;
    const metrics = this.#metrics(totals, step);
    this.#last = metrics;
    refuseBadMetrics(metrics, schedule.epoch);
    clock.countFinished(step - firstStep, this.#imagesAt(step) - this.#imagesAt(firstStep));
    const imagesPerSecond = clock.imagesPerSecond(batchSize);
    this.#tellStep(step, metrics, imagesPerSecond);
    if (points.endsAt(step)) {
      this.#tellPoint(step, this.#metrics(points.close(totals), step), imagesPerSecond);
    }
  };

  /** Averages over what is in the totals: the steps up to `step`. */
  #metrics(totals: Float32Array, step: number): RunMetrics {
    const { step: { lossNames }, batchSize, classes } = this.options;
    const images = this.#imagesAt(step) - this.#imagesAt(step - totals[0]);
    const { top5, ...metrics } = runMetrics(totals, lossNames, batchSize, images);
    return { ...metrics, ...(hasTop5(classes) && { top5 }) };
  }

  /** Images of the epoch's first steps. */
  #imagesAt(steps: number): number {
    return Math.min(steps * this.options.batchSize, this.options.images);
  }

  #tellStep(
    step: number,
    { loss, losses, top1, scaling }: RunMetrics,
    imagesPerSecond: number,
  ): void {
    const { sink, left, lr, stepsPerEpoch, schedule: { epoch } } = this.options;
    const etaSeconds = left.training(epoch, this.#imagesAt(step), imagesPerSecond);
    const figures = {
      lr: lr(step),
      loss,
      losses,
      top1,
      imagesPerSecond,
      etaSeconds,
      ...(scaling && { scaling }),
    };
    sink({ type: "step", epoch, step, stepsPerEpoch, ...figures });
  }

  #tellPoint(
    step: number,
    { loss, losses, top1, top5, steps }: RunMetrics,
    imagesPerSecond: number,
  ): void {
    const { sink, lr, stepsPerEpoch, schedule: { epoch } } = this.options;
    const globalStep = (epoch - 1) * stepsPerEpoch + step;
    const figures = {
      ...{ steps, lr: lr(step), loss, losses, top1 },
      ...(top5 !== undefined && { top5 }),
      imagesPerSecond,
    };
    sink({ type: "point", epoch, step, globalStep, ...figures });
  }
}

/** The steps between two points of a log, by what the totals of a `TrainStep` say at both. */
export class PointWindow {
  #before: Float32Array | null;

  /**
   * Starts a window.
   *
   * @param every steps of the run between two points
   * @param epochStart steps of the run before the epoch
   * @param totals the totals at the window's start; null where they are zero
   */
  constructor(readonly every: number, readonly epochStart: number, totals: Float32Array | null) {
    this.#before = totals;
  }

  /** The totals at the start of the window under way; null where they are zero. */
  get start(): Float32Array | null {
    return this.#before;
  }

  /** Whether a step of the epoch, counted from 1, ends a window. */
  endsAt(step: number): boolean {
    return (this.epochStart + step) % this.every === 0;
  }

  /** The totals over the window that ends now; the next one starts here. */
  close(totals: Float32Array): Float32Array {
    const before = this.#before;
    this.#before = totals;
    return before ? totals.map((value, i) => value - before[i]) : totals;
  }
}
