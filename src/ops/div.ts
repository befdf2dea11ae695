import { track } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { promote } from "./cast.ts";
import { binary } from "./elementwise_binary.ts";
import { requireFloats } from "./require_dtype.ts";
import { reduceTo } from "./sum_to.ts";

/**
 * `a / b`, element by element; shapes broadcast. PyTorch: `torch.div`.
 *
 * @throws TypeError unless both are float32 or float16, which meets float32 as float32;
 * RangeError when the shapes do not broadcast.
 */
export function div(a: Tensor, b: Tensor | number): Tensor {
  if (typeof b === "number") {
    requireFloats("div", a);
    return track("div", [a], binary("/", a, b), (dy) => [binary("/", dy, b)]);
  }
  return divTensors(...promote(a, b));
}

function divTensors(a: Tensor, b: Tensor): Tensor {
  requireFloats("div", a, b);
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
