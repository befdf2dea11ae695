import code from "../../../kernels/contrast/draw.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { linearGrid } from "../grid.ts";

const drawKernel = new Kernel("contrast_draw", code);

/** What {@linkcode contrastDraw} draws from and for. */
interface ContrastDrawOptions {
  /** Positions in the data set of the batch's images, int32 `[samples]`. */
  readonly images: Tensor;
  /** Their classes, int32 `[samples]`. */
  readonly labels: Tensor;
  /** Positions of all images, class by class, int32. */
  readonly order: Tensor;
  /** Where each class begins in `order`, and its length, int32 `[classes + 1]`. */
  readonly starts: Tensor;
  /** uint32 of one element, read on the device: write another one for other images. */
  readonly seed: Tensor;
  /** Images of other classes for each sample. */
  readonly negatives: number;
  /** Whether the positive is any image of the class, and not the sample itself. */
  readonly relaxed: boolean;
}

/**
 * Draws images to compare with: int32 `[samples, 1 + negatives]`, the positive first. Negatives are of other classes,
 * without repeats where there are enough. They follow from seed and image alone. Source: mdistiller's
 * `CIFAR100InstanceSample`, with another generator.
 */
export function contrastDraw(options: ContrastDrawOptions): Tensor {
  const { images, labels, order, starts, seed, negatives, relaxed } = options;
  const samples = images.numel;
  const picks = negatives + 1;
  const index = Tensor.result(images.gpu, [samples, picks], "int32");
  images.gpu.dispatch(drawKernel, {
    bindings: {
      images,
      labels,
      order,
      starts,
      seed,
      index,
    },
    params: {
      samples,
      picks,
      total: order.numel,
      half_bits: Math.max(1, Math.ceil(Math.log2(order.numel) / 2)),
      relaxed: Number(relaxed),
    },
    workgroups: linearGrid(Math.ceil(samples * picks / 64)),
  });
  return index;
}
