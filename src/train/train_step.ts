import type { Schedule } from "../distill/distiller.ts";
import { Recording } from "../gpu/recording.ts";
import { tune } from "../gpu/tune.ts";
import { withoutPreact } from "../models/wanted_features.ts";
import { weightedSum } from "../ops/elementwise/weighted_sum.ts";
import { clipGradNorm } from "../optim/clip_grad_norm.ts";
import { autocast, autocastInput } from "../tensor/autocast.ts";
import { tensor, zeros } from "../tensor/create.ts";
import { scope } from "../tensor/scope.ts";
import type { Shape } from "../tensor/shape.ts";
import { withSharedBatch } from "../tensor/shared_batch.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { DeviceBatch, type HostBatch } from "./device_batch.ts";
import { requireTargetsUsed } from "./label_settings.ts";
import { SharedStep } from "./shared_step.ts";
import { StepWeights } from "./step_weights.ts";
import { addTotals, copyScaling, SCALING, TOTALS } from "./metrics/step_totals.ts";
import type { TrainStepOptions } from "./train_step_options.ts";

export type { HostBatch } from "./device_batch.ts";
export type { GradientHook } from "./train_step_options.ts";

/** A batch's place among those whose gradients make one update. */
interface Share {
  /** Which of them it is, counted from 0; the update follows the last. */
  readonly index: number;
  /** How many there are. */
  readonly of: number;
}

const ALONE: Share = { index: 0, of: 1 };

/**
 * One training step in two recordings, forward and backward, and the update: made when they run for the first time, replayed
 * afterwards, in one submission where nothing comes between them. Nothing in it waits for the device but a
 * `GradientHook`; its metrics are added up there.
 *
 * Where several batches make one update, it goes along the mean of their gradients, whatever their sizes, also where an
 * epoch's end leaves fewer of them than usual: each loss is divided by how many there are.
 */
export class TrainStep {
  /**
   * Steps, first bad step, then sums of: loss, each term, top-1 and top-5 hits; zeros, then `SCALING`. Where processes share
   * the batches, {@linkcode TrainStep.shared} has them over all.
   */
  readonly totals: Tensor;
  /** Names of the loss terms, known after the first step. */
  lossNames: readonly string[] = [];
  /** Milliseconds of JavaScript in the last step. */
  jsMilliseconds = 0;
  /** Milliseconds that the device waited for other processes at the end of the last backward pass. */
  idleMilliseconds = 0;
  /** Recordings made so far. */
  recordings = 0;
  /** What is done over all processes; null where there is one. */
  readonly shared: SharedStep | null;
  readonly #inputs: DeviceBatch;
  /** What a batch's gradient counts in the update; null where each batch has one of its own. */
  readonly #weight: Tensor | null;
  /** float32 [classes], or null for 1 each. */
  readonly #classWeights: Tensor | null;
  readonly #weights: StepWeights;
  #batches = 1;
  #backward: Recording | null = null;
  /** The exchange of gradients that several batches have added up. */
  #exchange: Recording | null = null;
  #update: Recording | null = null;
  /** Both, behind what packs the weights. */
  #whole: Recording | null = null;
  #schedule: Schedule | null = null;

  /** Allocates the batch and the totals. */
  constructor(readonly options: TrainStepOptions) {
    const { gpu: device, imageShape, optimizer, accumulate = false, classWeights } = options;
    this.#weights = new StepWeights(device, options.distiller.teacher);
    this.#inputs = this.#newBatch(imageShape);
    this.totals = zeros([TOTALS], { device });
    this.shared = options.shared ? new SharedStep(options.shared, optimizer, this.totals) : null;
    this.#weight = accumulate ? tensor([1], null, { device }) : null;
    this.#classWeights = classWeights ? tensor(classWeights, null, { device }) : null;
    if (accumulate) { for (const group of optimizer.groups) group.reserveAccumulation(); }
  }

  /** Dispatches of a step with its update; 0 before the first. */
  get dispatches(): number {
    return this.#backward && this.#update ? this.#joined().dispatches : 0;
  }

  /**
   * Trains on one batch, which may be smaller than a whole one.
   *
   * @param share its place among those that make one update together; the default is a batch that makes one alone
   * @throws RangeError for a share where the step was not made to `accumulate`
   */
  async run(batch: HostBatch, schedule: Schedule, share: Share = ALONE): Promise<void> {
    const { distiller, imageShape: [whole, ...image] } = this.options;
    if (this.#schedule && !distiller.sameSchedule(this.#schedule, schedule)) this.#forget();
    this.#schedule = schedule;
    this.#weigh(share.of);
    const size = batch.size ?? whole;
    const last = share.index === share.of - 1;
    if (this.shared ? this.shared.begin(batch.part!) : size === whole) {
      this.#inputs.fill(batch);
      return await this.#trainOn(this.#inputs, last);
    }
    // The last of an epoch has a recording of its own; the memory of both at once may be more than there is.
    this.#forget();
    const inputs = this.#newBatch([size, ...image]);
    try {
      inputs.fill(batch);
      await this.#trainOn(inputs, last);
    } finally {
      this.#forget();
      inputs.dispose();
    }
  }

  /**
   * The recorded step of a whole batch with its update; where the last one was smaller, it is recorded by training on the last
   * whole batch once more. Null before the first step, and after a smaller one that processes share.
   */
  async recorded(): Promise<Recording | null> {
    if (!this.#schedule) return null;
    if (!this.#backward || !this.#update) {
      if (this.shared) return null;
      this.#weigh(1);
      await this.#trainOn(this.#inputs, true);
    }
    return this.#joined();
  }

  /** Sets the running totals to zero, or to saved ones. */
  resetTotals(saved: Float32Array = new Float32Array(TOTALS)): void {
    this.totals.copy_(this.shared ? new Float32Array(TOTALS) : saved);
    this.shared?.sums.set(saved);
  }

  /** The running totals as they are now, over all processes. */
  async readTotals(): Promise<Float32Array> {
    const own = await this.totals.data() as Float32Array;
    if (!this.shared) return own;
    const sums = this.shared.sums.slice();
    sums.set(own.subarray(SCALING.scale), SCALING.scale);
    return sums;
  }

  /** Frees the recordings and the inputs. */
  dispose(): void {
    this.#forget();
    this.#weights.dispose();
    this.#exchange?.dispose();
    this.#update?.dispose();
    this.#weight?.dispose();
    this.#classWeights?.dispose();
    this.#inputs.dispose();
    this.totals.dispose();
  }

  #newBatch(shape: Shape): DeviceBatch {
    const { gpu, mixes, shared, classWeights = null } = this.options;
    return new DeviceBatch(gpu, shape, mixes, shared ? classWeights : null);
  }

  async #trainOn(inputs: DeviceBatch, last: boolean): Promise<void> {
    const { distiller, gpu, onGradients, optimizer } = this.options;
    distiller.startStep?.(inputs, this.#schedule!);
    this.#weights.refresh();
    if (last && !onGradients && !this.shared && this.#backward && this.#update) {
      this.jsMilliseconds = this.#joined().replay();
      return;
    }
    this.jsMilliseconds = 0;
    if (!this.#backward) await tune(gpu, () => scope(() => this.#gradients(inputs)));
    this.jsMilliseconds += this.#weights.pack();
    this.#backward = await this.#play(this.#backward, () => {
      this.#weights.run(() => this.#gradients(inputs));
    });
    const stays = await this.#weights.recorded();
    if (!last) return stays ? undefined : this.#forget();
    if (this.shared && this.#weight) {
      this.#exchange = await this.#play(this.#exchange, () => this.#exchangeSums());
    }
    await onGradients?.(optimizer.groups.map(({ gradients }) => gradients));
    this.#update = await this.#play(this.#update, () => this.#updateWeights());
    if (!stays) this.#forget();
  }

  /** Replays what was recorded, or records it. */
  async #play(recording: Recording | null, fn: () => void): Promise<Recording> {
    if (recording) {
      if (recording.exchanges === 0) this.jsMilliseconds += recording.replay();
      else {
        this.jsMilliseconds += await recording.replayExchanging();
        this.idleMilliseconds = recording.idleMilliseconds;
      }
      return recording;
    }
    const start = performance.now();
    const made = await this.options.gpu.record(() => scope(fn));
    this.jsMilliseconds += performance.now() - start;
    this.recordings++;
    this.#whole = null;
    return made;
  }

  #joined(): Recording {
    const { packing } = this.#weights;
    const step = () => Recording.join(this.#backward!, this.#update!);
    return this.#whole ??= packing ? Recording.join(packing, step()) : step();
  }

  /** The first recording: the gradients of a batch, in the optimiser's flat buffers. */
  #gradients(batch: DeviceBatch): void {
    withSharedBatch(this.shared?.batch ?? null, () => this.#computeGradients(batch));
  }

  #computeGradients(batch: DeviceBatch): void {
    const { shared, options: { imageShape: [whole] } } = this;
    const { distiller, gpu: { dry }, optimizer, scaler, labelSmoothing, mixes } = this.options;
    optimizer.zeroGrad();
    batch.mix();
    const { images, labels } = batch;
    const targets = batch.targets({ labelSmoothing, classWeights: this.#classWeights });
    const forwardTrain = () => distiller.forwardTrain(images, labels, this.#schedule!, targets);
    const forward = () => {
      const output = distiller.readsPreact === false ? withoutPreact(forwardTrain) : forwardTrain();
      // The metrics read what the losses read.
      return { ...output, logits: autocastInput("crossEntropy", output.logits) };
    };
    const { logits, losses } = scaler ? autocast(forward) : forward();
    requireTargetsUsed(targets, distiller, this.options, mixes);
    const loss = weightedSum(Object.values(losses).map((term) => [term.to("float32"), 1]));
    this.lossNames = Object.keys(losses);
    const weight = shared?.weight ?? labels.numel / whole;
    addTotals(this.totals, { loss, losses, logits, labels }, weight);
    const own = shared ? loss.mul(shared.share) : loss;
    const early = shared && !this.#weight && !dry ? { onGradient: shared.onGradient } : {};
    shared?.start();
    // The gradient of the scaled loss, which itself nobody needs.
    const seed = scaler ? { gradient: scaler.scaleFactor } : {};
    own.backward({ ...seed, freeExcept: [], ...early });
    // Gradients that nobody computed.
    if (dry) return optimizer.zeroGrad();
    if (this.#weight) return optimizer.accumulateGradients(this.#weight);
    optimizer.gatherGradients();
    shared?.finish();
  }

  #exchangeSums(): void {
    this.shared!.start();
    this.shared!.finish();
  }

  /** The second: moves the weights along what is in these buffers. */
  #updateWeights(): void {
    const { optimizer, scaler, clipNorm = 0, ema } = this.options;
    if (scaler) {
      scaler.step(optimizer, clipNorm);
      copyScaling(this.totals, scaler);
    } else {
      if (clipNorm > 0) clipGradNorm(optimizer, clipNorm);
      optimizer.step();
    }
    ema?.update();
    if (this.#weight) optimizer.clearGradients();
  }

  /** The mean of the losses of `batches` batches is what the next updates go along. */
  #weigh(batches: number): void {
    if (batches === this.#batches) return;
    if (!this.#weight) {
      throw new RangeError(
        `an update from ${batches} batches; the step wants accumulate: true for it`,
      );
    }
    this.#weight.copy_(Float32Array.of(1 / batches));
    this.#batches = batches;
  }

  /** Gives up what belongs to a batch's size and schedule; the update is always the same. */
  #forget(): void {
    for (const recording of [this.#whole, this.#backward]) recording?.dispose();
    this.#whole = this.#backward = null;
  }
}
