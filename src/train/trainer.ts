import type { Mixer } from "../data/augment/mix.ts";
import { placesOf } from "../data/loading/batch_plan.ts";
import type { Schedule } from "../distill/distiller.ts";
import type { ModelEma } from "../optim/model_ema.ts";
import { ALONE, type Group } from "../parallel/group.ts";
import { describeEarlyEnd, recordTop1 } from "./best_top1.ts";
import { explainTeacher, explainTestLoss } from "./diagnosis.ts";
import { EpochClock } from "./metrics/epoch_clock.ts";
import { EpochReports, PointWindow } from "./metrics/epoch_reports.ts";
import { Evaluator } from "./evaluate.ts";
import type { TestMetrics, TrainMetrics } from "./events.ts";
import { mixerOf } from "./label_settings.ts";
import { Replicas } from "./replicas.ts";
import { RunAhead } from "./run_ahead.ts";
import { runMetrics } from "./metrics/run_metrics.ts";
import type { RunState } from "./run_state.ts";
import { setTraining } from "./trained.ts";
import { TimeLeft } from "./metrics/time_left.ts";
import { TrainStep } from "./train_step.ts";
import type { TrainerOptions } from "./trainer_options.ts";
import { keptEpoch, refuseBadMetrics, TrainingError } from "./training_error.ts";

export type { SaveKind, TrainerOptions } from "./trainer_options.ts";
export { TrainingError } from "./training_error.ts";

/** Runs epochs of training and evaluation, telling what happens as events. */
export class Trainer {
  readonly #step: TrainStep;
  readonly #evaluator: Evaluator;
  readonly #mixer: Mixer | null;
  readonly #group: Group;
  readonly #replicas: Replicas;
  readonly #left: TimeLeft;

  /**
   * Allocates the batch and the totals; `state` is where to go on, and is kept up to date.
   *
   * @throws UserError where the distiller refuses mixed images, RangeError where a number of `mixing` is out of its range
   */
  constructor(readonly options: TrainerOptions, readonly state: RunState) {
    const { gpu, train, batchSize, accumulate = 1, group = ALONE, signal } = options;
    const { syncBatchNorm, gatherBatch, bucketBytes } = options;
    this.#group = group;
    this.#replicas = new Replicas(group, options);
    this.#mixer = mixerOf(options.mixing, options.distiller);
    const { channels, height, width } = train.dataset;
    const own = placesOf(batchSize, group.rank, group.size).places.length;
    const imageShape = [own, channels, height, width];
    this.#evaluator = new Evaluator(gpu, options.distiller.student, undefined, group);
    this.#left = new TimeLeft(options);
    try {
      const mixes = this.#mixer !== null;
      const wantsStop = () => signal?.aborted ?? false;
      const shared = group.size > 1
        ? { group, batchSize, syncBatchNorm, gatherBatch, bucketBytes, wantsStop }
        : null;
      const step = { imageShape, mixes, shared, accumulate: accumulate > 1 };
      this.#step = new TrainStep({ ...options, ...step });
    } catch (error) {
      this.#evaluator.dispose();
      throw error;
    }
  }

  /** The recorded step, for the profiler. */
  get step(): TrainStep {
    return this.#step;
  }

  /**
   * Trains to the last epoch, or until `patience` is at its end.
   *
   * @returns true when it is done, false when it was interrupted.
   * @throws TrainingError when a training loss, or a weight at an epoch's end, is not finite.
   */
  async run(): Promise<boolean> {
    await this.#replicas.begin();
    while (!this.done) {
      if (!await this.#epoch()) return false;
      if (await this.#anyStops() && !this.done) return false;
    }
    const { state, options: { epochs, patience, sink } } = this;
    if (state.epoch <= epochs) {
      sink({ type: "note", message: describeEarlyEnd(state, epochs, patience!) });
    }
    return true;
  }

  /** Whether any process is asked to stop, as all of them know then. */
  async #anyStops(): Promise<boolean> {
    const asked = Float32Array.of(Number(this.options.signal?.aborted ?? false));
    await this.#group.allReduceSum(asked);
    return asked[0] > 0;
  }

  /** Whether nothing is left to train. */
  get done(): boolean {
    const { state: { epoch, stale }, options: { epochs, patience = 0 } } = this;
    return epoch > epochs || (patience > 0 && stale >= patience);
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
    // That of the epoch's last update, which is all of them where the schedule goes by epochs.
    const lr = this.#lr(options.train.length);
    optimizer.setLr(lr);
    setTraining(distiller, options.frozen);
    const train = state.trained ??
      await this.#trainEpoch(schedule).catch((error) => this.#blame(error));
    if (!train) return false;
    await this.#replicas.endEpoch(state.epoch);
    this.#left.startTest();
    const test = await this.#evaluate();
    const average = options.ema && test ? await this.#evaluateAverage(options.ema) : null;
    if (!test || (options.ema && !average)) return await this.#interruptEvaluation(train);
    this.#left.endTest();
    if (!Number.isFinite(test.loss)) {
      const message = await explainTestLoss(test.loss, distiller.student, state.epoch);
      sink({ type: "warning", message });
    }
    const best = recordTop1(state, test, average);
    const { epoch, bestTop1, bestEpoch, stale, ema } = state;
    const record = {
      ...{ bestTop1, bestEpoch, globalStep: epoch * options.train.length },
      ...{ testImages: options.test.dataset.length, memory: options.gpu.account.peak },
      ...(options.patience ? { stale } : {}),
      ...(average && ema ? { ema: { test: average, ...ema } } : {}),
    };
    sink({ type: "epoch_end", epoch, epochs, lr, train, test, ...record });
    this.#finishEpoch(test.seconds + (average?.seconds ?? 0));
    await options.save(best ? "best" : "epoch", state);
    return true;
  }

  #evaluate(): Promise<TestMetrics | null> {
    const { state: { epoch }, options: { sink, test, signal } } = this;
    const progress = (done: number, total: number) => {
      const etaSeconds = this.#left.evaluating(epoch, done, total);
      sink({ type: "evaluate", epoch, done, total, etaSeconds });
    };
    return this.#evaluator.run(test, { progress, signal });
  }

  /** Evaluates the average in the student's place. */
  async #evaluateAverage(ema: ModelEma): Promise<TestMetrics | null> {
    ema.exchange();
    try {
      return await this.#evaluate();
    } finally {
      ema.exchange();
    }
  }

  #finishEpoch(testSeconds: number): void {
    const { state } = this;
    state.seconds += testSeconds;
    state.epoch++;
    state.step = 0;
    state.totals = null;
    state.pointStart = null;
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
    const { gpu, batchSize, sink, train: { length: stepsPerEpoch, images } } = options;
    state.images = options.train.dataset.length;
    const clock = new EpochClock();
    const points = new PointWindow(
      options.pointEvery,
      (schedule.epoch - 1) * stepsPerEpoch,
      state.pointStart && Float32Array.from(state.pointStart),
    );
    const [step, firstStep] = [this.#step, state.step];
    const [lr, { classes }] = [(at: number) => this.#lr(at), options.train.dataset];
    const reports = new EpochReports({
      ...{ gpu, step, schedule, firstStep, lr, clock, points, sink, left: this.#left },
      ...{ batchSize, images, stepsPerEpoch, classes: classes.length },
    });
    step.resetTotals(state.totals ?? undefined);
    try {
      await this.#trainSteps(schedule, clock, reports);
      await reports.drain();
    } finally {
      reports.dispose();
    }
    state.seconds += clock.seconds;
    if (state.step === stepsPerEpoch) {
      state.totals = state.pointStart = null;
      return reports.metrics();
    }
    await this.#interruptTraining(points);
    return null;
  }

  /** Throws an error of the training, or in its place what the teacher did to cause it. */
  async #blame(error: unknown): Promise<never> {
    const { options: { distiller: { teacher }, train, scaler }, state: { epoch } } = this;
    if (!teacher || !(error instanceof TrainingError) || error.badStep === 0) throw error;
    const bad = { train, epoch, step: error.badStep, half: Boolean(scaler) };
    const message = await explainTeacher(teacher, bad).catch(() => null);
    throw message === null ? error : new TrainingError(`${message}${keptEpoch(epoch)}`);
  }

  async #interruptTraining(points: PointWindow): Promise<void> {
    const { state, options: { batchSize, save } } = this;
    state.totals = await this.#step.readTotals();
    state.pointStart = points.start && [...points.start];
    refuseBadMetrics(runMetrics(state.totals, this.#step.lossNames, batchSize), state.epoch);
    await save("interrupted", state);
  }

  /** Steps to the epoch's end, or until interrupted: between two updates, so that a checkpoint holds no part of one. */
  async #trainSteps(schedule: Schedule, clock: EpochClock, reports: EpochReports): Promise<void> {
    const { options: { gpu, train, signal, optimizer }, state } = this;
    const { height, width } = train.dataset;
    const { shared } = this.#step;
    const runAhead = new RunAhead(gpu);
    let [waiting, ahead] = [performance.now(), train.aheadMilliseconds];
    let share = { index: 0, of: this.#shares() };
    for await (const batch of train.epoch(schedule.epoch, { startStep: state.step })) {
      const ready = performance.now();
      // A batch that was made in this thread between two steps has held the next step up as well.
      clock.dataMilliseconds += ready - waiting + train.aheadMilliseconds - ahead;
      ahead = train.aheadMilliseconds;
      if (share.index === 0) optimizer.setLr(this.#lr(state.step + share.of));
      const mix = this.#mixer?.draw(schedule.epoch, state.step, height, width);
      await this.#step.run({ ...batch, mix }, schedule, share);
      state.step++;
      const updated = share.index === share.of - 1;
      share = updated ? { index: 0, of: this.#shares() } : { ...share, index: share.index + 1 };
      clock.countStep(this.#step.jsMilliseconds);
      if (reports.due(state.step)) await reports.push(state.step);
      else await breathe();
      if (updated && (shared ? shared.stopping : signal?.aborted)) return;
      await runAhead.pace();
      waiting = performance.now();
    }
  }

  /** Batches of the next update: those of a group that are still to come, or all that are left of the epoch. */
  #shares(): number {
    const { state: { step }, options: { accumulate = 1, train } } = this;
    return Math.min(accumulate - step % accumulate, train.length - step);
  }

  /** Learning rate of the update that a step of the epoch, counted from 1, had a share in: that of its first batch. */
  #lr(step: number): number {
    const { options: { learningRate, epochs, accumulate = 1, train }, state: { epoch } } = this;
    const first = step - 1 - (step - 1) % accumulate;
    return learningRate({ epoch, step: first, stepsPerEpoch: train.length, epochs });
  }
}

/** Lets timers, signals and read-backs run. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
