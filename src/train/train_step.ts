import type { Distiller, Schedule } from "../distill/distiller.ts";
import type { BufferRange, Gpu } from "../gpu/gpu.ts";
import type { Recording } from "../gpu/recording.ts";
import { accumulateMetrics } from "../ops/accumulate_metrics.ts";
import { cat } from "../ops/cat.ts";
import { topKCorrect } from "../ops/top_k_correct.ts";
import { type GradScaler, SCALER_COUNTS } from "../optim/grad_scaler.ts";
import type { SGD } from "../optim/sgd.ts";
import { autocast } from "../tensor/autocast.ts";
import { zeros } from "../tensor/create.ts";
import { scope } from "../tensor/scope.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Numbers in {@linkcode TrainStep.totals}: room for eight loss terms and what {@linkcode SCALING} names. */
export const TOTALS = 16;

/** Where {@linkcode TrainStep.totals} hold the loss scaler's state as it is: not sums; zeros without a scaler. */
export const SCALING = {
  scale: TOTALS - 3,
  skipped: TOTALS - 2,
  skippedInARow: TOTALS - 1,
} as const;

/** One batch on the host. */
export interface HostBatch {
  /** [N, C, H, W], normalised. */
  readonly images: Float32Array;
  /** [N] */
  readonly labels: Int32Array;
  /** Position of each image in the data set, [N]; only some distillers want it. */
  readonly indices?: Int32Array;
  /** How many of the images, from the first, are real; default all. */
  readonly size?: number;
}

/** A batch as a recorded step reads it. */
interface Inputs {
  /** [N, C, H, W] */
  readonly images: Tensor;
  /** [N] */
  readonly labels: Tensor;
  /** Positions of the last batch's images, [N], where it said them. */
  indices?: Int32Array;
}

/** Options of {@linkcode TrainStep}. */
export interface TrainStepOptions {
  /** The device. */
  readonly gpu: Gpu;
  /** Makes the losses. */
  readonly distiller: Distiller;
  /** Moves the parameters. */
  readonly optimizer: SGD;
  /** Turns mixed precision on: networks in float16, this scales their losses. */
  readonly scaler?: GradScaler | null;
  /** [N, C, H, W] of a whole batch. */
  readonly imageShape: Shape;
  /** Called between the gradients and the update, where processes could share them. */
  readonly reduceGradients?: (optimizer: SGD) => void;
}

/**
 * One training step: recorded when it runs for the first time, replayed afterwards. Nothing in it
 * waits for the device; its metrics are added up there.
 */
export class TrainStep {
  /** Steps, first bad step, then sums of: loss, each term, top-1 and top-5 hits; zeros, then {@linkcode SCALING}. */
  readonly totals: Tensor;
  /** Names of the loss terms, known after the first step. */
  lossNames: readonly string[] = [];
  /** Milliseconds of JavaScript in the last step. */
  jsMilliseconds = 0;
  readonly #inputs: Inputs;
  #recording: Recording | null = null;
  #schedule: Schedule | null = null;

  /** Allocates the batch and the totals. */
  constructor(readonly options: TrainStepOptions) {
    const { gpu: device, imageShape } = options;
    this.#inputs = makeInputs(device, imageShape);
    this.totals = zeros([TOTALS], { device });
  }

  /** Dispatches of a step; 0 before the first. */
  get dispatches(): number {
    return this.#recording?.dispatches ?? 0;
  }

  /** Trains on one batch, which may be smaller than a whole one. */
  async run(batch: HostBatch, schedule: Schedule): Promise<void> {
    const { distiller, gpu, imageShape: [whole, ...image] } = this.options;
    if (this.#schedule && !distiller.sameSchedule(this.#schedule, schedule)) this.#forget();
    this.#schedule = schedule;
    const size = batch.size ?? whole;
    if (size === whole) {
      fillInputs(this.#inputs, batch);
      return await this.#trainOn(this.#inputs);
    }
    // The last of an epoch has a recording of its own; the memory of both at once may be more than there is.
    this.#forget();
    const inputs = makeInputs(gpu, [size, ...image]);
    try {
      fillInputs(inputs, batch);
      await this.#trainOn(inputs);
    } finally {
      this.#forget();
      freeInputs(inputs);
    }
  }

  /**
   * The recorded step of a whole batch; where the last one was smaller, it is recorded by training on the last whole batch
   * once more. Null before the first step.
   */
  async recorded(): Promise<Recording | null> {
    if (this.#schedule && !this.#recording) await this.#trainOn(this.#inputs);
    return this.#recording;
  }

  /** Sets the running totals to zero, or to saved ones. */
  resetTotals(saved?: Float32Array): void {
    this.totals.copy_(saved ?? new Float32Array(TOTALS));
  }

  /** Frees the recording and the inputs. */
  dispose(): void {
    this.#forget();
    freeInputs(this.#inputs);
    this.totals.dispose();
  }

  async #trainOn(inputs: Inputs): Promise<void> {
    const { distiller, gpu } = this.options;
    distiller.startStep?.(inputs, this.#schedule!);
    if (this.#recording) {
      this.jsMilliseconds = this.#recording.replay();
    } else {
      const start = performance.now();
      this.#recording = await gpu.record(() => scope(() => this.#step(inputs)));
      this.jsMilliseconds = performance.now() - start;
    }
  }

  #step({ images, labels }: Inputs): void {
    const { distiller, optimizer, scaler, reduceGradients } = this.options;
    optimizer.zeroGrad();
    const forward = () => distiller.forwardTrain(images, labels, this.#schedule!);
    const { logits, losses } = scaler ? autocast(forward) : forward();
    const loss = Object.values(losses).reduce((sum, term) => sum.add(term));
    this.#addMetrics(loss, losses, logits, labels);
    (scaler?.scale(loss) ?? loss).backward({ freeExcept: [] });
    reduceGradients?.(optimizer);
    if (!scaler) return optimizer.step();
    scaler.step(optimizer);
    this.#copyScaling(scaler);
  }

  #copyScaling({ scaleFactor, counts }: GradScaler): void {
    const copyNumber = ({ storage }: Tensor, from: number, to: number) => {
      const at = ({ buffer, offset }: BufferRange, i: number) => {
        return { buffer, offset: offset + 4 * i, size: 4 };
      };
      this.options.gpu.copy(at(storage, from), at(this.totals.storage, to));
    };
    copyNumber(scaleFactor, 0, SCALING.scale);
    copyNumber(counts, SCALER_COUNTS.skipped, SCALING.skipped);
    copyNumber(counts, SCALER_COUNTS.skippedInARow, SCALING.skippedInARow);
  }

  #addMetrics(
    loss: Tensor,
    losses: Readonly<Record<string, Tensor>>,
    logits: Tensor,
    labels: Tensor,
  ): void {
    const terms = [loss, ...Object.values(losses)].map((term) => term.detach().reshape(1));
    const hits = topKCorrect(logits.detach().to("float32"), labels, [
      1,
      Math.min(5, logits.shape[1]),
    ]);
    const values = cat([...terms, hits]);
    this.lossNames = Object.keys(losses);
    const { imageShape: [whole] } = this.options;
    accumulateMetrics(this.totals, values, terms.length, labels.numel / whole);
  }

  #forget(): void {
    this.#recording?.dispose();
    this.#recording = null;
  }
}

function makeInputs(device: Gpu, imageShape: Shape): Inputs {
  return {
    images: zeros(imageShape, { device }),
    labels: zeros([imageShape[0]], { device, dtype: "int32" }),
  };
}

function fillInputs(inputs: Inputs, { images, labels, indices }: HostBatch): void {
  const [size] = inputs.labels.shape;
  inputs.images.copy_(images.subarray(0, inputs.images.numel));
  inputs.labels.copy_(labels.subarray(0, size));
  // A copy: the loader uses its arrays again.
  inputs.indices = indices?.slice(0, size);
}

function freeInputs({ images, labels }: Inputs): void {
  images.dispose();
  labels.dispose();
}
