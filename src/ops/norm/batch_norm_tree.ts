import applyCode from "../../../kernels/norm/batch_norm_apply_tree.wgsl" with { type: "text" };
import gradApplyCode from "../../../kernels/norm/batch_norm_grad_apply_tree.wgsl" with {
  type: "text",
};
import type { Gpu } from "../../gpu/gpu.ts";
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { wgslFloat } from "../../tensor/dtype.ts";
import type { BatchNormTensors, NormLayout } from "./layout.ts";

const applyKernel = new Kernel("batch_norm_apply_tree", applyCode);
const gradApplyKernel = new Kernel("batch_norm_grad_apply_tree", gradApplyCode);

/** Buffers that the forward kernel binds at most. */
const MOST_BUFFERS = 10;

/** Whether an adapter binds as many buffers as the kernels of this file want. */
export function bindsWholeNorm({ device }: Gpu): boolean {
  return device.limits.maxStorageBuffersPerShaderStage >= MOST_BUFFERS;
}

/**
 * Normalises by the batch, moves the running statistics and finishes, in one kernel for discrete GPUs.
 *
 * @param sums as `normSums` makes them of x
 * @returns the output, and the statistics [C, 4]
 */
export function normaliseByBatch(
  x: Tensor,
  sums: Tensor,
  { weight, bias, runningMean, runningVar, batches = undefined }: BatchNormTensors,
  { images, channels, plane, splits, vector }: NormLayout,
  { momentum, eps, relu, residual }: {
    readonly momentum: number;
    readonly eps: number;
    readonly relu: boolean;
    readonly residual: Tensor | null;
  },
): { y: Tensor; stats: Tensor } {
  const stats = Tensor.result(x.gpu, [channels, 4]);
  const y = Tensor.result(x.gpu, x.shape, x.dtype);
  x.gpu.dispatch(applyKernel, {
    bindings: { x, sums, y, stats, weight, bias, runningMean, runningVar, batches, residual },
    params: { images, channels, plane, splits, count: images * plane, momentum, eps },
    values: {
      COUNT: Number(batches !== undefined),
      RESIDUAL: Number(residual !== null),
      RELU: Number(relu),
      VEC: vector,
      E: wgslFloat(x.dtype),
    },
    workgroups: [channels, splits],
  });
  return { y, stats };
}

/**
 * All gradients of batch normalisation, in one kernel for discrete GPUs.
 *
 * @param sums as `normSums` makes them of the gradient
 * @param y the output, when it went through ReLU
 */
export function normGradients(
  { x, dy, y, stats, sums }: {
    readonly x: Tensor;
    readonly dy: Tensor;
    readonly y: Tensor | null;
    readonly stats: Tensor;
    readonly sums: Tensor;
  },
  { images, channels, plane, splits, vector }: NormLayout,
  { training, residual }: { readonly training: boolean; readonly residual: boolean },
): { dx: Tensor; dweight: Tensor; dbias: Tensor; dz: Tensor | null } {
  const { gpu } = x;
  const dx = Tensor.result(gpu, x.shape, x.dtype);
  const dz = residual && y ? Tensor.result(gpu, x.shape, x.dtype) : null;
  const [dweight, dbias] = [Tensor.result(gpu, [channels]), Tensor.result(gpu, [channels])];
  gpu.dispatch(gradApplyKernel, {
    bindings: { x, dy, y, stats, sums, dx, dweight, dbias, dz },
    params: { images, channels, plane, splits, count: images * plane },
    values: {
      TRAINING: Number(training),
      RESIDUAL: Number(dz !== null),
      RELU: Number(y !== null),
      VEC: vector,
      E: wgslFloat(x.dtype),
    },
    workgroups: [channels, splits],
  });
  return { dx, dweight, dbias, dz };
}
