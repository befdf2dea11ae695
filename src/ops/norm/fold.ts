import code from "../../../kernels/norm/fold.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import type { Tensor } from "../../tensor/core.ts";
import { linearGrid } from "../grid.ts";
import type { BatchNormTensors } from "./batch_norm.ts";

const foldKernel = new Kernel("batch_norm_fold", code);

/** Weight [O, ...] and bias [O] of a convolution or a linear layer. */
export interface Weights {
  /** Output channels first. */
  readonly weight: Tensor;
  /** Of every output channel, or null. */
  readonly bias: Tensor | null;
}

/**
 * Writes to `into` the weights with which a convolution alone does what it does with `from` and batch normalisation by the
 * running statistics behind it; not on the tape.
 *
 * @param into of the shapes of `from`, the bias too where that has none
 */
export function foldBatchNorm(
  from: Weights,
  { weight: gamma, bias: beta, runningMean: mean, runningVar: variance }: BatchNormTensors,
  eps: number,
  into: { readonly weight: Tensor; readonly bias: Tensor },
): void {
  const { weight, bias } = from;
  const total = weight.numel;
  weight.gpu.dispatch(foldKernel, {
    bindings: {
      ...{ weight, bias, gamma, beta, mean, variance },
      ...{ foldedWeight: into.weight, foldedBias: into.bias },
    },
    params: { total, channel: total / weight.shape[0], eps },
    values: { BIAS: Number(bias !== null) },
    workgroups: linearGrid(Math.ceil(total / 64)),
  });
}
