import { track } from "../../tensor/autograd.ts";
import type { Tensor } from "../../tensor/core.ts";
import type { NormOptions } from "../../tensor/op_options.ts";
import { checkOptions } from "../../options.ts";
import { div, mul } from "../elementwise/binary.ts";
import { where } from "../indexing/where.ts";
import { pow } from "../elementwise/pow.ts";
import { requireFloat } from "../require_dtype.ts";
import { abs, sqrt } from "../elementwise/unary.ts";
import { max, min } from "./max.ts";
import { REDUCE_OPTIONS, sum } from "./sum.ts";

export type { NormOptions } from "../../tensor/op_options.ts";

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

/** The root of sums of squares, whose gradient is 0 where they are 0 and not infinite as that of a root alone. */
export function rootOfSquares(x: Tensor): Tensor {
  const y = sqrt(x.detach());
  return track("root_of_squares", [x], y, (dy) => {
    const half = mul(dy, 0.5);
    const quotient = div(half, y);
    const dx = where(y, quotient, 0);
    half.dispose();
    quotient.dispose();
    return [dx];
  });
}
