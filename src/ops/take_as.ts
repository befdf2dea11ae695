import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** The elements of `x` under another shape; `x` itself is given up for it. */
export function takeAs(x: Tensor, shape: Shape): Tensor {
  const result = x.alias(shape);
  x.dispose();
  return result;
}
