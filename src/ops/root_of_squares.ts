import { track } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { div, mul } from "./binary.ts";
import { sqrt } from "./unary.ts";
import { where } from "./where.ts";

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
