import { checkOptions } from "../tensor/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { reducePlan } from "./reduce/layout.ts";
import { scaledSum } from "./reduce/scaled_sum.ts";
import { REDUCE_OPTIONS, type ReduceOptions } from "./sum.ts";

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
