import { track } from "../tensor/autograd.ts";
import { checkOptions } from "../tensor/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { gatherDims } from "./reduce/gather_dims.ts";
import { reducePlan } from "./reduce/layout.ts";
import { reduce } from "./reduce/reduce.ts";
import { reduceGrad } from "./reduce/reduce_grad.ts";
import { requireFloat } from "./require_dtype.ts";
import { REDUCE_OPTIONS, type ReduceOptions } from "./sum.ts";
import { takeAs } from "./take_as.ts";

/** Options of {@linkcode variance}. */
export interface VarianceOptions extends ReduceOptions {
  /** Taken off the number of elements in the divisor. Default 1: the unbiased estimate. */
  correction?: number;
}

/**
 * Variance over dimensions, in two passes (mean, then squared distances to it).
 * PyTorch: `torch.var(x, dims, correction=1, keepdim)`. NaN or infinite when no more than `correction`
 * elements are reduced.
 *
 * @param x float32, any shape
 * @throws RangeError when a dimension is out of range or named twice, TypeError for integers.
 */
export function variance(x: Tensor, options: VarianceOptions = {}): Tensor {
  checkOptions<VarianceOptions>("variance()", options, { ...REDUCE_OPTIONS, correction: true });
  requireFloat("variance", x);
  const plan = reducePlan(x.shape, options.dims, options.keepDims ?? false);
  const divisor = Math.max(0, plan.count - (options.correction ?? 1));
  const { x: source, layout } = gatherDims(x, plan);
  const center = reduce(source, layout, "sum", { scale: 1 / plan.count });
  const squares = reduce(source, layout, "squares", { center, scale: 1 / divisor });
  const y = takeAs(squares, plan.shape);
  return track("variance", [source], y, (dy) => {
    const dx = reduceGrad(dy, layout, 2 / divisor, { x: source, center });
    return [takeAs(dx, source.shape)];
  }, [center]);
}
