import type { DataLoader } from "../data/loader.ts";
import type { Distiller, Schedule } from "../distill/distiller.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { ReadbackRing } from "../gpu/readback_ring.ts";
import type { Module } from "../nn/module.ts";
import { multiStepLr } from "../optim/multi_step_lr.ts";
import type { SGD } from "../optim/sgd.ts";
import { Evaluator } from "./evaluate.ts";
import type { EventSink, TestMetrics, TrainMetrics } from "./events.ts";
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
  /** Training batches. */
  readonly train: DataLoader;
  /** Batches of the evaluation. */
  readonly test: DataLoader;
  /** Images in a training batch. */
  readonly batchSize: number;
  /** Epochs of the whole run. */
  readonly epochs: number;
  /** At the start, the epochs it drops after, and the factor of a drop. */
  readonly learningRate: { base: number; stages: readonly number[]; rate: number };
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

/** Where {@linkcode TrainStep.totals} hold the first bad step. */
const BAD_STEP = 1;

/** Runs epochs of training and evaluation, telling what happens as events. */
export class Trainer {
  readonly #step: TrainStep;
  readonly #evaluator: Evaluator;

  /** Allocates the batch and the totals; `state` is where to go on, and is kept up to date. */
  constructor(readonly options: TrainerOptions, readonly state: RunState) {
    const { gpu, distiller, optimizer, train, batchSize } = options;
    const { channels, height, width } = train.dataset;
    const imageShape = [batchSize, channels, height, width];
    this.#step = new TrainStep({ gpu, distiller, optimizer, imageShape });
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
    const { optimizer, learningRate, epochs, distiller, sink } = options;
    const schedule = { epoch: state.epoch, epochs };
    const lr = multiStepLr(learningRate.base, learningRate.stages, learningRate.rate, state.epoch);
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
    const reports = this.#reports(schedule, clock);
    this.#step.resetTotals(state.totals ?? undefined);
    try {
      await this.#trainSteps(schedule, clock, reports);
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
  ): Promise<void> {
    const { options: { train, signal }, state } = this;
    let lastRead = 0;
    let waiting = performance.now();
    for (const batch of train.epoch(schedule.epoch, { startStep: state.step })) {
      const ready = performance.now();
      clock.dataMilliseconds += ready - waiting;
      await this.#step.run(batch, schedule);
      state.step++;
      clock.countStep(this.#step.jsMilliseconds);
      if (performance.now() - lastRead > READ_EVERY_MS || state.step === train.length) {
        await reports.push(this.#step.totals.storage, state.step);
        lastRead = performance.now();
      } else await breathe();
      if (signal?.aborted) return;
      waiting = performance.now();
    }
  }

  #last: RunMetrics | null = null;

  #reports(schedule: Schedule, clock: EpochClock): ReadbackRing<number> {
    const { sink, batchSize, train, gpu } = this.options;
    return new ReadbackRing<number>(gpu, 4 * TOTALS, (totals, step) => {
      const metrics = runMetrics(totals, this.#step.lossNames, batchSize);
      this.#last = metrics;
      this.#refuseBadLoss(metrics.badStep);
      const imagesPerSecond = clock.imagesPerSecond(batchSize);
      const left = (schedule.epochs - schedule.epoch + 1) * train.length - step;
      sink({
        type: "step",
        epoch: schedule.epoch,
        step,
        stepsPerEpoch: train.length,
        loss: metrics.loss,
        losses: metrics.losses,
        top1: metrics.top1,
        imagesPerSecond,
        etaSeconds: left * batchSize / imagesPerSecond,
      });
    });
  }

  #refuseBadLoss(badStep: number): void {
    if (badStep > 0) throw this.#notFinite("the loss", `, step ${badStep}`);
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

/** Times of the part of an epoch that this process trains. */
class EpochClock {
  dataMilliseconds = 0;
  steps = 0;
  readonly #start = performance.now();
  #js = 0;
  #afterFirst = 0;

  /** Seconds since this part of the epoch began. */
  get seconds(): number {
    return (performance.now() - this.#start) / 1000;
  }

  countStep(jsMilliseconds: number): void {
    this.steps++;
    // The first step is recorded and compiles kernels; it says nothing about the others.
    if (this.steps === 1) this.#afterFirst = performance.now();
    else this.#js += jsMilliseconds;
  }

  imagesPerSecond(batchSize: number): number {
    const [from, steps] = this.steps > 1
      ? [this.#afterFirst, this.steps - 1]
      : [this.#start, this.steps];
    return steps * batchSize / Math.max(1e-3, (performance.now() - from) / 1000);
  }

  metrics(run: RunMetrics, batchSize: number): TrainMetrics {
    const { loss, losses, top1, top5 } = run;
    return {
      loss,
      losses,
      top1,
      top5,
      seconds: this.seconds,
      dataSeconds: this.dataMilliseconds / 1000,
      jsMsPerStep: this.#js / Math.max(1, this.steps - 1),
      imagesPerSecond: this.imagesPerSecond(batchSize),
    };
  }
}
