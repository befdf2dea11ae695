import { autocastInput } from "../tensor/autocast.ts";
import type { FloatType } from "../tensor/dtype.ts";
import { checkOptions, type OptionNames } from "../tensor/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { reducePlan } from "./reduce/layout.ts";
import { scaledSum } from "./reduce/scaled_sum.ts";

/** Options of the reductions. */
export interface ReduceOptions {
  /** Dimensions to reduce; negative ones count from the back. Default: all. */
  dims?: number | readonly number[];
  /** Whether reduced dimensions stay as size 1. Default false. */
  keepDims?: boolean;
}

/** Names of {@linkcode ReduceOptions}, for `checkOptions`. */
export const REDUCE_OPTIONS: OptionNames<ReduceOptions> = { dims: true, keepDims: true };

/** Options of {@linkcode sum}. */
export interface SumOptions extends ReduceOptions {
  /** Type of the result; sums are float32 inside. Default that of the tensor. */
  dtype?: FloatType;
}

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
