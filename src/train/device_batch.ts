import type { Gpu } from "../gpu/gpu.ts";
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
}

/** A batch as a recorded step reads it: always the same tensors, filled again for every batch. */
export class DeviceBatch {
  /** [N, C, H, W] */
  readonly images: Tensor;
  /** [N] */
  readonly labels: Tensor;
  /** Positions of the last batch's images, [N], where it said them. */
  indices?: Int32Array;

  /** Room for images of a shape, [N, C, H, W]. */
  constructor(device: Gpu, imageShape: Shape) {
    this.images = zeros(imageShape, { device });
    this.labels = zeros([imageShape[0]], { device, dtype: "int32" });
  }

  /** Takes over the first images of a batch, as many as there is room for. */
  fill({ images, labels, indices }: HostBatch): void {
    const [size] = this.labels.shape;
    this.images.copy_(images.subarray(0, this.images.numel));
    this.labels.copy_(labels.subarray(0, size));
    // A copy: the loader uses its arrays again.
    this.indices = indices?.slice(0, size);
  }

  /** Frees the tensors. */
  dispose(): void {
    this.images.dispose();
    this.labels.dispose();
  }
}
