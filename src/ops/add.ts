import { track } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { binary } from "./elementwise_binary.ts";
import { requireFloat } from "./require_dtype.ts";
import { sumTo } from "./sum_to.ts";

/**
 * `a + b`, element by element; shapes broadcast. PyTorch: `torch.add`.
 *
 * @throws TypeError unless both are float32; RangeError when the shapes do not broadcast.
 */
export function add(a: Tensor, b: Tensor | number): Tensor {
  if (typeof b === "number") {
    requireFloat("add", a);
    return track("add", [a], binary("+", a, b), (dy) => [dy]);
  }
  requireFloat("add", a, b);
  return track("add", [a, b], binary("+", a, b), (dy) => [
    a.requiresGrad ? sumTo(dy, a.shape) : null,
    b.requiresGrad ? sumTo(dy, b.shape) : null,
  ]);
}
