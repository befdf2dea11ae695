import { checkOptions } from "../tensor/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { mul } from "./binary.ts";
import { max } from "./max.ts";
import { min } from "./min.ts";
import { pow } from "./pow.ts";
import { requireFloat } from "./require_dtype.ts";
import { rootOfSquares } from "./root_of_squares.ts";
import { REDUCE_OPTIONS, type ReduceOptions, sum } from "./sum.ts";
import { abs } from "./unary.ts";

/** Options of {@linkcode norm}. */
export interface NormOptions extends ReduceOptions {
  /** Order: above 0, infinite, or minus infinite. Default 2. */
  p?: number;
}

/**
 * `(sum of |x|^p)^(1/p)` over dimensions; the largest `|x|` for an infinite `p`, the smallest for minus infinity. The
 * gradient of the Euclidean norm of zeros is 0. PyTorch: `torch.norm`, `torch.linalg.vector_norm`.
 *
 * @param x float32, any shape
 * @throws RangeError for another `p`, or when a dimension is out of range or named twice; TypeError for integers.
 */
export function norm(x: Tensor, options: NormOptions = {}): Tensor {
  checkOptions<NormOptions>("norm()", options, { ...REDUCE_OPTIONS, p: true });
  requireFloat("norm", x);
  const { p = 2, ...over } = options;
  if (p === 2) return rootOfSquares(sum(mul(x, x), over));
  if (p === 1) return sum(abs(x), over);
  if (p === Infinity) return max(abs(x), over);
  if (p === -Infinity) return min(abs(x), over);
  if (!(p > 0)) throw new RangeError(`norm() of order ${p}: above 0, or infinite, wanted`);
  return pow(sum(pow(abs(x), p), over), 1 / p);
}
