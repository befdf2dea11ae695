import type { BatchSource } from "../data/batch.ts";
import type { Distiller, Schedule } from "../distill/distiller.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { ReadbackRing } from "../gpu/readback_ring.ts";
import type { Module } from "../nn/module.ts";
import { multiStepLr } from "../optim/multi_step_lr.ts";
import type { GradScaler } from "../optim/grad_scaler.ts";
import type { SGD } from "../optim/sgd.ts";
import { EpochClock } from "./epoch_clock.ts";
import { Evaluator } from "./evaluate.ts";
import type { EventSink, TestMetrics, TrainMetrics } from "./events.ts";
import { PointWindow } from "./point_window.ts";
import { type RunMetrics, runMetrics } from "./run_metrics.ts";
import type { RunState } from "./run_state.ts";
import { TOTALS, TrainStep } from "./train_step.ts";

/** Training cannot go on. */
export class TrainingError extends Error {
  /** Always `TrainingError`. */
  override name = "TrainingError";
}

/** Settings of {@linkcode Trainer}. */
export interface TrainerOptions {
  /** The device. */
  readonly gpu: Gpu;
  /** Makes the losses. */
  readonly distiller: Distiller;
  /** Moves the parameters. */
  readonly optimizer: SGD;
  /** Scales the losses; turns mixed precision on. */
  readonly scaler?: GradScaler | null;
  /** Training batches. */
  readonly train: BatchSource;
  /** Batches of the evaluation. */
  readonly test: BatchSource;
  /** Images in a training batch. */
  readonly batchSize: number;
  /** Epochs of the whole run. */
  readonly epochs: number;
  /** At the start, the epochs it drops after, and the factor of a drop. */
  readonly learningRate: { base: number; stages: readonly number[]; rate: number };
  /** Steps of the run between two `point` events. */
  readonly pointEvery: number;
  /** Hears what happens. */
  readonly sink: EventSink;
  /** Saves `latest`, and more where asked; `totals` are those of an unfinished epoch. */
  readonly save: (kind: SaveKind, state: RunState) => Promise<void>;
  /** Stops after the step or the evaluation batch under way when aborted. */
  readonly signal?: AbortSignal;
}

/** Why a checkpoint is written. */
export type SaveKind = "interrupted" | "epoch" | "best";

const READ_EVERY_MS = 200;

/** Skipped steps in a row that end a run: they take the scale from 65536 to 2^-16, where nothing is left to gain. */
const MAX_SKIPPED = 32;

/** Where {@linkcode TrainStep.totals} hold the first bad step. */
const BAD_STEP = 1;

/** Runs epochs of training and evaluation, telling what happens as events. */
export class Trainer {
  readonly #step: TrainStep;
  readonly #evaluator: Evaluator;

  /** Allocates the batch and the totals; `state` is where to go on, and is kept up to date. */
  constructor(readonly options: TrainerOptions, readonly state: RunState) {
    const { gpu, distiller, optimizer, scaler, train, batchSize } = options;
    const { channels, height, width } = train.dataset;
    const imageShape = [batchSize, channels, height, width];
    this.#step = new TrainStep({ gpu, distiller, optimizer, scaler, imageShape });
    this.#evaluator = new Evaluator(gpu, distiller.student);
  }

  /** The recorded step, for the profiler. */
  get step(): TrainStep {
    return this.#step;
  }

  /**
   * Trains to the last epoch.
   *
   * @returns true when all epochs are done, false when it was interrupted.
   * @throws TrainingError when the loss is not finite.
   */
  async run(): Promise<boolean> {
    const { epochs } = this.options;
    while (this.state.epoch <= epochs) {
      if (!await this.#epoch()) return false;
      if (this.options.signal?.aborted && this.state.epoch <= epochs) return false;
    }
    return true;
  }

  /** Frees device memory. */
  dispose(): void {
    this.#step.dispose();
    this.#evaluator.dispose();
  }

  async #epoch(): Promise<boolean> {
    const { state, options } = this;
    const { optimizer, epochs, distiller, sink } = options;
    const schedule = { epoch: state.epoch, epochs };
    const lr = this.#lr();
    optimizer.setLr(lr);
    setTraining(distiller);
    const train = state.trained ?? await this.#trainEpoch(schedule);
    if (!train) return false;
    const test = await this.#evaluate();
    if (!test) return await this.#interruptEvaluation(train);
    if (!Number.isFinite(test.loss)) throw this.#notFinite("the loss over the test images", "");
    const best = test.top1 > state.bestTop1;
    if (best) {
      state.bestTop1 = test.top1;
      state.bestEpoch = state.epoch;
    }
    state.lastTop1 = test.top1;
    const { epoch, bestTop1, bestEpoch } = state;
    sink({ type: "epoch_end", epoch, epochs, lr, train, test, bestTop1, bestEpoch });
    this.#finishEpoch(test);
    await options.save(best ? "best" : "epoch", state);
    return true;
  }

  #evaluate(): Promise<TestMetrics | null> {
    const { state: { epoch }, options: { sink, test, signal } } = this;
    const progress = (done: number, total: number) =>
      sink({ type: "evaluate", epoch, done, total });
    return this.#evaluator.run(test, { progress, signal });
  }

  #finishEpoch(test: TestMetrics): void {
    const { state } = this;
    state.seconds += test.seconds;
    state.epoch++;
    state.step = 0;
    state.totals = null;
    state.trained = null;
  }

  async #interruptEvaluation(train: TrainMetrics): Promise<false> {
    this.state.trained = train;
    await this.options.save("interrupted", this.state);
    return false;
  }

  /** Trains the rest of an epoch; null when interrupted (and saved). */
  async #trainEpoch(schedule: Schedule): Promise<TrainMetrics | null> {
    const { options, state } = this;
    const clock = new EpochClock();
    const epochStart = (schedule.epoch - 1) * options.train.length;
    const points = new PointWindow(options.pointEvery, epochStart, state.totals);
    const reports = this.#reports(schedule, clock, points);
    this.#step.resetTotals(state.totals ?? undefined);
    try {
      await this.#trainSteps(schedule, clock, reports, points);
      await reports.drain();
    } finally {
      reports.dispose();
    }
    for (const model of trained(options.distiller)) model.countBatches(clock.steps);
    state.seconds += clock.seconds;
    state.totals = null;
    if (state.step === options.train.length) {
      return clock.metrics(this.#last!, options.batchSize);
    }
    state.totals = Float32Array.from(await this.#step.totals.data());
    this.#refuseBadLoss(state.totals[BAD_STEP]);
    await options.save("interrupted", state);
    return null;
  }

  /** Steps to the epoch's end, or until interrupted. */
  async #trainSteps(
    schedule: Schedule,
    clock: EpochClock,
    reports: ReadbackRing<number>,
    points: PointWindow,
  ): Promise<void> {
    const { options: { train, signal }, state } = this;
    let lastRead = 0;
    let waiting = performance.now();
    let ahead = train.aheadMilliseconds;
    for await (const batch of train.epoch(schedule.epoch, { startStep: state.step })) {
      const ready = performance.now();
      // A batch that was made in this thread between two steps has held the next step up as well.
      clock.dataMilliseconds += ready - waiting + train.aheadMilliseconds - ahead;
      ahead = train.aheadMilliseconds;
      await this.#step.run(batch, schedule);
      state.step++;
      clock.countStep(this.#step.jsMilliseconds);
      const due = performance.now() - lastRead > READ_EVERY_MS;
      if (due || state.step === train.length || points.endsAt(state.step)) {
        await reports.push(this.#step.totals.storage, state.step);
        lastRead = performance.now();
      } else await breathe();
      if (signal?.aborted) return;
      waiting = performance.now();
    }
  }

  #last: RunMetrics | null = null;

  #reports(schedule: Schedule, clock: EpochClock, points: PointWindow): ReadbackRing<number> {
    const { batchSize, gpu } = this.options;
    return new ReadbackRing<number>(gpu, 4 * TOTALS, (totals, step) => {
      const metrics = runMetrics(totals, this.#step.lossNames, batchSize);
      this.#last = metrics;
      this.#refuseBadLoss(metrics.badStep);
      this.#refuseSkipping(metrics);
      const imagesPerSecond = clock.imagesPerSecond(batchSize);
      this.#tellStep(schedule, step, metrics, imagesPerSecond);
      if (points.endsAt(step)) {
        const window = runMetrics(points.close(totals), this.#step.lossNames, batchSize);
        this.#tellPoint(schedule, step, window, imagesPerSecond);
      }
    });
  }

  #tellStep(
    { epoch, epochs }: Schedule,
    step: number,
    { loss, losses, top1, scaling }: RunMetrics,
    imagesPerSecond: number,
  ): void {
    const { sink, batchSize, train: { length: stepsPerEpoch } } = this.options;
    const left = (epochs - epoch + 1) * stepsPerEpoch - step;
    const etaSeconds = left * batchSize / imagesPerSecond;
    const figures = {
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
    { epoch }: Schedule,
    step: number,
    { loss, losses, top1, top5, steps }: RunMetrics,
    imagesPerSecond: number,
  ): void {
    const { sink, train: { length: stepsPerEpoch } } = this.options;
    const globalStep = (epoch - 1) * stepsPerEpoch + step;
    const figures = { steps, lr: this.#lr(), loss, losses, top1, top5, imagesPerSecond };
    sink({ type: "point", epoch, step, globalStep, ...figures });
  }

  #lr(): number {
    const { base, stages, rate } = this.options.learningRate;
    return multiStepLr(base, stages, rate, this.state.epoch);
  }

  #refuseBadLoss(badStep: number): void {
    if (badStep > 0) throw this.#notFinite("the loss", `, step ${badStep}`);
  }

  #refuseSkipping({ scaling }: RunMetrics): void {
    if (!scaling || scaling.skippedInARow < MAX_SKIPPED) return;
    throw new TrainingError(
      `${scaling.skippedInARow} steps in a row had gradients that are not finite numbers, down to a ` +
        `loss scale of ${scaling.scale}; lower SOLVER.LR or the loss weights, or set SOLVER.AMP False`,
    );
  }

  #notFinite(what: string, where: string): TrainingError {
    const { epoch } = this.state;
    const kept = epoch > 1 ? `; the checkpoints of epoch ${epoch - 1} are kept` : "";
    return new TrainingError(
      `${what} is not a finite number at epoch ${epoch}${where}${kept}; ` +
        `lower SOLVER.LR or the loss weights`,
    );
  }
}

/** The modules whose parameters move. */
export function trained(distiller: Distiller): Module[] {
  return [distiller.student, ...Object.values(distiller.extraModules)];
}

function setTraining(distiller: Distiller): void {
  for (const module of trained(distiller)) module.train();
  distiller.teacher?.eval();
}

/** Lets timers, signals and read-backs run. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
