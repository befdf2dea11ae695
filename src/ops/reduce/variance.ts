import { track } from "../../tensor/autograd.ts";
import type { Tensor } from "../../tensor/core.ts";
import type { VarianceOptions } from "../../tensor/op_options.ts";
import { checkOptions } from "../../options.ts";
import { requireFloat } from "../require_dtype.ts";
import { takeAs } from "../take_as.ts";
import { gatherDims } from "./gather_dims.ts";
import { reducePlan } from "./layout.ts";
import { rootOfSquares } from "./norm.ts";
import { reduce } from "./reduce.ts";
import { reduceGrad } from "./reduce_grad.ts";
import { REDUCE_OPTIONS } from "./sum.ts";

export type { VarianceOptions } from "../../tensor/op_options.ts";

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
  const { x: source, layout, dims } = gatherDims(x, plan);
  const center = reduce(source, layout, "sum", { scale: 1 / plan.count });
  const squares = reduce(source, layout, "squares", { center, scale: 1 / divisor });
  const y = takeAs(squares, plan.shape);
  return track(["variance", { dims, count: plan.count, divisor }], [source], y, (dy) => {
    const dx = reduceGrad(dy, layout, 2 / divisor, { x: source, center });
    return [takeAs(dx, source.shape)];
  }, [center]);
}

/**
 * Standard deviation over dimensions: the root of {@linkcode variance}, with no gradient where it is 0.
 * PyTorch: `torch.std(x, dims, correction=1, keepdim)`.
 *
 * @param x float32, any shape
 * @throws RangeError when a dimension is out of range or named twice, TypeError for integers.
 */
export function std(x: Tensor, options: VarianceOptions = {}): Tensor {
  return rootOfSquares(variance(x, options));
}
