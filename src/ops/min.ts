import { checkOptions } from "../tensor/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { max } from "./max.ts";
import { mul } from "./binary.ts";
import { requireFloat } from "./require_dtype.ts";
import { REDUCE_OPTIONS, type ReduceOptions } from "./sum.ts";

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
