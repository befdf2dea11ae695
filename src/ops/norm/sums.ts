import sumsCode from "../../../kernels/norm/batch_norm_sums.wgsl" with { type: "text" };
import treeCode from "../../../kernels/norm/batch_norm_sums_tree.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { wgslFloat } from "../../tensor/dtype.ts";
import { inPairs, type NormLayout } from "./layout.ts";

const sumsKernel = new Kernel("batch_norm_sums", sumsCode);
const treeKernel = new Kernel("batch_norm_sums_tree", treeCode);

/** What the backward sums need beside x. */
interface GradientInputs {
  readonly dy: Tensor;
  readonly stats: Tensor;
  /** The output, when it went through ReLU. */
  readonly y: Tensor | null;
}

/**
 * Two partial sums for every channel, [splits, C, 2]: of x and its square, or of the gradient and its
 * product with x (see the kernel). `tree` uses workgroup memory, for discrete GPUs.
 */
export function normSums(
  x: Tensor,
  layout: NormLayout,
  gradient: GradientInputs | null,
  tree: boolean,
): Tensor {
  const { images, plane, splits } = layout;
  const sums = Tensor.result(x.gpu, [splits, layout.channels, 2]);
  const { channels, vector } = tree ? layout : inPairs(layout, x);
  const relu = Boolean(gradient?.y);
  x.gpu.dispatch(tree ? treeKernel : sumsKernel, {
    bindings: {
      x,
      sums,
      dy: gradient?.dy,
      stats: gradient?.stats,
      y: gradient?.y,
    },
    params: { images, channels, plane, splits },
    values: {
      GRAD: Number(gradient !== null),
      RELU: Number(relu),
      ...(tree ? {} : { VEC: vector }),
      E: wgslFloat(x.dtype),
    },
    workgroups: tree ? [channels, splits] : [Math.ceil(splits * channels / 64)],
  });
  return sums;
}
