import { type Mix, UNMIXED } from "../data/augment/mix.ts";
import type { BatchPart } from "../data/loading/batch.ts";
import { type TargetOptions, Targets } from "../distill/targets.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { mixImages } from "../ops/mix_images.ts";
import { zeros } from "../tensor/create.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

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
  /** How the images are mixed in pairs, where the step mixes; default not at all. */
  readonly mix?: Mix;
  /** What of the whole batch it is, where processes share one. */
  readonly part?: BatchPart;
}

/** A batch as a recorded step reads it: always the same tensors, filled again for every batch. */
export class DeviceBatch {
  /** [N, C, H, W] */
  readonly images: Tensor;
  /** [N]; of mixed images the label with the larger share. */
  readonly labels: Tensor;
  /** Positions of the last batch's images, [N], where it said them. */
  indices?: Int32Array;
  readonly #mixing: Mixing | null;
  readonly #weights: readonly number[] | null;
  readonly #weighedScale: Tensor | null;

  /**
   * Room for images of a shape, [N, C, H, W].
   *
   * @param mixes whether they may be mixed in pairs
   * @param weights what each class weighs, where processes share the batch; default null
   */
  constructor(
    device: Gpu,
    imageShape: Shape,
    mixes = false,
    weights: readonly number[] | null = null,
  ) {
    this.#weights = weights;
    this.#weighedScale = weights && zeros([], { device });
    this.images = zeros(imageShape, { device });
    this.labels = intZeros(device, imageShape[0]);
    this.#mixing = mixes ? new Mixing(device, imageShape[0]) : null;
  }

  /** Takes over the first images of a batch, as many as there is room for. */
  fill({ images, labels, indices, part, mix = UNMIXED }: HostBatch): void {
    const [size] = this.labels.shape;
    const own = labels.subarray(0, size);
    this.images.copy_(images.subarray(0, this.images.numel));
    this.labels.copy_(this.#mixing?.fill(own, mix) ?? own);
    // A copy: the loader uses its arrays again.
    this.indices = indices?.slice(0, size);
    if (!part || !this.#weights) return;
    // Over the whole batch the labels weigh as much mixed as not: each has its turn.
    const weight = part.labels.reduce((sum, label) => sum + this.#weights![label], 0);
    this.#weighedScale!.copy_(Float32Array.of(part.labels.length / (size * weight)));
  }

  /** Mixes the images, where they may be: the first command of a recorded step. */
  mix(): void {
    if (this.#mixing) mixImages(this.images, this.#mixing.numbers);
  }

  /** What losses make of the labels. */
  targets(options: TargetOptions): Targets {
    const weighedScale = this.#weighedScale;
    return new Targets(this.labels, { ...options, weighedScale, mixed: this.#mixing });
  }

  /** Frees the tensors. */
  dispose(): void {
    this.images.dispose();
    this.labels.dispose();
    this.#mixing?.dispose();
    this.#weighedScale?.dispose();
  }
}

/** What a batch has more where its images may be mixed. */
class Mixing {
  /** Labels with the smaller share, [N]. */
  readonly labels: Tensor;
  /** Share of the others, []. */
  readonly share: Tensor;
  /** What `mixImages()` reads, [5]. */
  readonly numbers: Tensor;

  constructor(device: Gpu, size: number) {
    this.labels = intZeros(device, size);
    this.share = zeros([], { device });
    this.numbers = zeros([5], { device });
  }

  /** Takes over how a batch is mixed; returns the labels with the larger share. */
  fill(own: Int32Array, { weight, box, share }: Mix): Int32Array {
    const others = own.slice().reverse();
    const [larger, smaller] = share < 0.5 ? [others, own] : [own, others];
    this.labels.copy_(smaller);
    this.share.copy_(Float32Array.of(Math.max(share, 1 - share)));
    this.numbers.copy_(Float32Array.of(weight, ...box));
    return larger;
  }

  dispose(): void {
    for (const each of [this.labels, this.share, this.numbers]) each.dispose();
  }
}

function intZeros(device: Gpu, size: number): Tensor {
  return zeros([size], { device, dtype: "int32" });
}
