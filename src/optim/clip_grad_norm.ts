import factorCode from "../../kernels/optim/clip_factor.wgsl" with { type: "text" };
import clipCode from "../../kernels/optim/clip_gradients.wgsl" with { type: "text" };
import squaresCode from "../../kernels/optim/square_sums.wgsl" with { type: "text" };
import { Kernel } from "../gpu/kernel.ts";
import { linearGrid } from "../ops/grid.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Optimizer } from "./optimizer.ts";

const squaresKernel = new Kernel("square_sums", squaresCode);
const factorKernel = new Kernel("clip_factor", factorCode);
const clipKernel = new Kernel("clip_gradients", clipCode);

/**
 * Scales the gathered gradients of an optimiser so that the l2 norm of all of them is `maxNorm` at most, on the device and
 * before `step()`. PyTorch: `torch.nn.utils.clip_grad_norm_`.
 *
 * @param scale what the loss was multiplied by, one float32 on the device: the norm is then that of the gradients divided by
 * it, and they stay scaled
 * @returns float32 of two numbers: the norm before, and what the gradients were multiplied by
 * @throws RangeError unless `maxNorm` is above 0
 */
export function clipGradNorm(
  optimizer: Optimizer,
  maxNorm: number,
  scale: Tensor | null = null,
): Tensor {
  if (!(maxNorm > 0)) {
    throw new RangeError(`gradients clipped to a norm of ${maxNorm}; above 0 wanted`);
  }
  optimizer.gatherGradients();
  const { groups } = optimizer;
  const { gpu } = groups[0].values;
  const count = groups.reduce((sum, { blocks }) => sum + blocks, 0);
  const partials = Tensor.result(gpu, [count]);
  const clip = Tensor.result(gpu, [2]);
  let first = 0;
  for (const { enabled, gradients, blocks } of groups) {
    gpu.dispatch(squaresKernel, {
      bindings: {
        enabled: enabled.storage,
        gradients: gradients.storage,
        partials: partials.storage,
        ...(scale ? { scale: scale.storage } : {}),
      },
      params: { first },
      values: { SCALED: Number(scale !== null) },
      workgroups: linearGrid(blocks),
    });
    first += blocks;
  }
  gpu.dispatch(factorKernel, {
    bindings: { partials: partials.storage, clip: clip.storage },
    params: { count, maxNorm },
    workgroups: [1],
  });
  for (const { gradients, blocks } of groups) {
    gpu.dispatch(clipKernel, {
      bindings: { clip: clip.storage, gradients: gradients.storage },
      workgroups: linearGrid(blocks),
    });
  }
  partials.dispose();
  return clip;
}
