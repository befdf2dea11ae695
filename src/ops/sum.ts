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

/**
 * Sum over dimensions. PyTorch: `torch.sum(x, dims, keepdim)`.
 *
 * @param x float32, any shape
 * @throws RangeError when a dimension is out of range or named twice, TypeError for integers.
 */
export function sum(x: Tensor, options: ReduceOptions = {}): Tensor {
  return scaledSum("sum", x, reducePlan(x.shape, options.dims, options.keepDims ?? false), 1);
}
