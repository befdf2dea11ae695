import type { Tensor } from "../tensor/core.ts";
import type { DType } from "../tensor/dtype.ts";
import type { Shape } from "../tensor/shape.ts";
import { castElements } from "./elementwise/cast.ts";

/** `x` in a float type, off the tape; `x` itself is given up for it. */
export function takeIn(x: Tensor, dtype: DType): Tensor {
  if (x.dtype === dtype) return x;
  const result = castElements(x, dtype);
  x.dispose();
  return result;
}

/** The elements of `x` under another shape; `x` itself is given up for it. */
export function takeAs(x: Tensor, shape: Shape): Tensor {
  const result = x.alias(shape);
  x.dispose();
  return result;
}
