import clampCode from "../../kernels/elementwise/clamp.wgsl" with { type: "text" };
import clampGradCode from "../../kernels/elementwise/clamp_grad.wgsl" with { type: "text" };
import { Kernel } from "../gpu/kernel.ts";
import { track } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { mapElements } from "./elementwise_unary.ts";
import { requireFloat } from "./require_dtype.ts";

const clampKernel = new Kernel("clamp", clampCode);
const clampGradKernel = new Kernel("clamp_grad", clampGradCode);

/**
 * `min(max(x, low), high)`, element by element; the gradient passes where `low <= x <= high`.
 * PyTorch: `torch.clamp`.
 *
 * @param low default: no lower bound.
 * @param high default: no upper bound.
 * @throws TypeError unless `x` is float32; RangeError unless `low <= high`.
 */
export function clamp(x: Tensor, low: number = -Infinity, high: number = Infinity): Tensor {
  requireFloat("clamp", x);
  if (!(low <= high)) throw new RangeError(`clamp() to [${low}, ${high}]: the bounds are swapped`);
  const params = { low, high };
  const y = mapElements(clampKernel, "y", { x }, { params });
  return track(
    "clamp",
    [x],
    y,
    (dy) => [mapElements(clampGradKernel, "dx", { x, dy }, { params })],
  );
}
