import { track } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { promote } from "./cast.ts";
import { binary } from "./elementwise_binary.ts";
import { requireFloats } from "./require_dtype.ts";
import { sumTo } from "./sum_to.ts";

/**
 * `a + b`, element by element; shapes broadcast. PyTorch: `torch.add`.
 *
 * @throws TypeError unless both are float32 or float16, which meets float32 as float32;
 * RangeError when the shapes do not broadcast.
 */
export function add(a: Tensor, b: Tensor | number): Tensor {
  if (typeof b === "number") {
    requireFloats("add", a);
    return track("add", [a], binary("+", a, b), (dy) => [dy]);
  }
  return addTensors(...promote(a, b));
}

function addTensors(a: Tensor, b: Tensor): Tensor {
  requireFloats("add", a, b);
  return track("add", [a, b], binary("+", a, b), (dy) => [
    a.requiresGrad ? sumTo(dy, a.shape) : null,
    b.requiresGrad ? sumTo(dy, b.shape) : null,
  ]);
}
