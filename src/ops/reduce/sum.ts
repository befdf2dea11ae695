import { autocastInput } from "../../tensor/autocast.ts";
import type { Tensor } from "../../tensor/core.ts";
import type { ReduceOptions, SumOptions } from "../../tensor/op_options.ts";
import { checkOptions, type OptionNames } from "../../options.ts";
import { reducePlan } from "./layout.ts";
import { scaledSum } from "./scaled_sum.ts";

export type { ReduceOptions, SumOptions } from "../../tensor/op_options.ts";

/** Names of {@linkcode ReduceOptions}, for `checkOptions`. */
export const REDUCE_OPTIONS: OptionNames<ReduceOptions> = { dims: true, keepDims: true };

/**
 * Sum over dimensions. PyTorch: `torch.sum(x, dims, keepdim)`.
 *
 * @param x float32 or float16, any shape
 * @throws RangeError when a dimension is out of range or named twice, TypeError for integers.
 */
export function sum(x: Tensor, options: SumOptions = {}): Tensor {
  checkOptions<SumOptions>("sum()", options, { ...REDUCE_OPTIONS, dtype: true });
  x = autocastInput("sum", x);
  const plan = reducePlan(x.shape, options.dims, options.keepDims ?? false);
  return scaledSum("sum", x, plan, 1, options.dtype);
}

/**
 * Mean over dimensions. PyTorch: `torch.mean(x, dims, keepdim)`.
 *
 * @param x float32 or float16, any shape
 * @throws RangeError when a dimension is out of range or named twice, TypeError for integers.
 */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  checkOptions<ReduceOptions>("mean()", options, REDUCE_OPTIONS);
  const plan = reducePlan(x.shape, options.dims, options.keepDims ?? false);
  return scaledSum("mean", x, plan, 1 / plan.count);
}
