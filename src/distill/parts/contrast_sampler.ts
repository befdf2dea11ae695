import { UserError } from "../../errors.ts";
import { contrastDraw } from "../../ops/losses/contrast_draw.ts";
import { tensor, zeros } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { BatchInfo, Schedule } from "../distiller.ts";

/** Which images a batch is compared with. */
export interface ContrastSource {
  /** Writes what changes from batch to batch. */
  startStep(batch: BatchInfo, schedule: Schedule): void;
  /**
   * Positions of the batch's images, int32 [N], and of those to compare with, int32 [N, 1 + K]; `numbers()` are the former of
   * the batch under way, on the host, for processes that share it.
   */
  draw(labels: Tensor): { images: Tensor; index: Tensor; numbers?: () => Int32Array };
  /** Frees its tensors. */
  dispose(): void;
}

/** Settings of {@linkcode ContrastSampler}. */
export interface ContrastSamplerOptions {
  /** Class of every training image. */
  readonly labels: ArrayLike<number>;
  /** How many classes there are. */
  readonly classes: number;
  /** Images of other classes for each sample. */
  readonly negatives: number;
  /** `exact`: the positive is the image itself. `relax`: any image of its class. */
  readonly mode: "exact" | "relax";
  /** Seed of the run. */
  readonly seed: number;
}

/**
 * Draws images on the device: a function of seed, epoch and image, so that a resumed run draws what it would have drawn.
 */
export class ContrastSampler implements ContrastSource {
  readonly #order: Tensor;
  readonly #starts: Tensor;
  readonly #seed: Tensor;
  #images: Tensor | null = null;
  #numbers: Int32Array = new Int32Array();

  /**
   * Sorts the images by class.
   *
   * @throws UserError when no class has images of other classes to be compared with.
   */
  constructor(readonly options: ContrastSamplerOptions) {
    const { labels, classes } = options;
    const starts = new Int32Array(classes + 1);
    for (let i = 0; i < labels.length; i++) starts[labels[i] + 1]++;
    if (starts.some((count) => count === labels.length)) {
      throw new UserError("CRD compares images of different classes; these are all of one class");
    }
    for (let c = 0; c < classes; c++) starts[c + 1] += starts[c];
    const order = new Int32Array(labels.length);
    const next = starts.slice();
    for (let i = 0; i < labels.length; i++) order[next[labels[i]]++] = i;
    this.#order = tensor(order).keep();
    this.#starts = tensor(starts).keep();
    this.#seed = zeros([1], { dtype: "uint32" }).keep();
  }

  /** Writes where the batch is in the data set, and the seed.
   *
   * @throws UserError when the batch does not say where its images are in the data set. */
  startStep({ indices }: BatchInfo, { epoch }: Schedule): void {
    if (!indices) {
      throw new RangeError("CRD needs the position of every image in the data set");
    }
    if (this.#images?.numel !== indices.length) {
      this.#images?.dispose();
      this.#images = zeros([indices.length], { dtype: "int32" }).keep();
    }
    this.#images.copy_(indices);
    this.#numbers = indices;
    this.#seed.copy_(Uint32Array.of(Math.imul(this.options.seed, 0x9e3779b1) ^ epoch));
  }

  /** The batch and what it is compared with, for the labels of the batch. */
  draw(labels: Tensor): { images: Tensor; index: Tensor; numbers: () => Int32Array } {
    const { negatives, mode } = this.options;
    if (!this.#images) throw new Error("draw() before startStep()");
    const index = contrastDraw({
      images: this.#images,
      labels,
      order: this.#order,
      starts: this.#starts,
      seed: this.#seed,
      negatives,
      relaxed: mode === "relax",
    });
    return { images: this.#images, index, numbers: () => this.#numbers };
  }

  /** Frees what is not in the models or the extra modules. */
  dispose(): void {
    for (const held of [this.#order, this.#starts, this.#seed, this.#images]) held?.dispose();
  }
}
