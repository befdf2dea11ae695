import { track } from "../../tensor/autograd.ts";
import type { Tensor } from "../../tensor/core.ts";
import { checkOptions } from "../../options.ts";
import { mul } from "../elementwise/binary.ts";
import { requireFloat } from "../require_dtype.ts";
import { takeAs } from "../take_as.ts";
import { gatherDims } from "./gather_dims.ts";
import { reducePlan } from "./layout.ts";
import { reduce } from "./reduce.ts";
import { reduceGrad } from "./reduce_grad.ts";
import { REDUCE_OPTIONS, type ReduceOptions } from "./sum.ts";

/**
 * Maximum over dimensions; equal maxima share the gradient evenly. Where one is NaN so is the result, and the
 * gradient of all. PyTorch: `torch.amax(x, dims, keepdim)`.
 *
 * @param x float32, any shape
 * @throws RangeError when a dimension is out of range or named twice, TypeError for integers.
 */
export function max(x: Tensor, options: ReduceOptions = {}): Tensor {
  checkOptions<ReduceOptions>("max()", options, REDUCE_OPTIONS);
  requireFloat("max", x);
  const plan = reducePlan(x.shape, options.dims, options.keepDims ?? false);
  const { x: source, layout, dims } = gatherDims(x, plan);
  const y = takeAs(reduce(source, layout, "max"), plan.shape);
  return track(["max", { dims }], [source], y, (dy) => {
    const ties = reduce(source, layout, "ties", { center: y });
    const dx = reduceGrad(dy, layout, 1, { x: source, center: y, ties });
    ties.dispose();
    return [takeAs(dx, source.shape)];
  });
}

/**
 * Minimum over dimensions; equal minima share the gradient evenly. Where one is NaN so is the result, and the gradient of
 * all. PyTorch: `torch.amin(x, dims, keepdim)`.
 *
 * @param x float32, any shape
 * @throws RangeError when a dimension is out of range or named twice, TypeError for integers.
 */
export function min(x: Tensor, options: ReduceOptions = {}): Tensor {
  checkOptions<ReduceOptions>("min()", options, REDUCE_OPTIONS);
  requireFloat("min", x);
  return mul(max(mul(x, -1), options), -1);
}
