import { track } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { binary } from "./elementwise_binary.ts";
import { requireFloat } from "./require_dtype.ts";
import { reduceTo } from "./sum_to.ts";

/**
 * `a / b`, element by element; shapes broadcast. PyTorch: `torch.div`.
 *
 * @throws TypeError unless both are float32; RangeError when the shapes do not broadcast.
 */
export function div(a: Tensor, b: Tensor | number): Tensor {
  if (typeof b === "number") {
    requireFloat("div", a);
    return track("div", [a], binary("/", a, b), (dy) => [binary("/", dy, b)]);
  }
  requireFloat("div", a, b);
  const y = binary("/", a, b);
  return track("div", [a, b], y, (dy) => {
    const quotient = binary("/", dy, b);
    const db = b.requiresGrad ? reduceTo(negatedProduct(quotient, y), b.shape) : null;
    if (a.requiresGrad) return [reduceTo(quotient, a.shape), db];
    quotient.dispose();
    return [null, db];
  });
}

/** `-dy / b * y`, the derivative of `a / b` by `b`. */
function negatedProduct(quotient: Tensor, y: Tensor): Tensor {
  const product = binary("*", quotient, y);
  const result = binary("*", product, -1);
  product.dispose();
  return result;
}
