import { track } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { promote } from "./cast.ts";
import { binary } from "./elementwise_binary.ts";
import { requireFloats } from "./require_dtype.ts";
import { reduceTo } from "./sum_to.ts";

/**
 * `a * b`, element by element; shapes broadcast. PyTorch: `torch.mul`.
 *
 * @throws TypeError unless both are float32 or float16, which meets float32 as float32;
 * RangeError when the shapes do not broadcast.
 */
export function mul(a: Tensor, b: Tensor | number): Tensor {
  if (typeof b === "number") {
    requireFloats("mul", a);
    return track("mul", [a], binary("*", a, b), (dy) => [binary("*", dy, b)]);
  }
  return mulTensors(...promote(a, b));
}

function mulTensors(a: Tensor, b: Tensor): Tensor {
  requireFloats("mul", a, b);
  return track("mul", [a, b], binary("*", a, b), (dy) => [
    a.requiresGrad ? reduceTo(binary("*", dy, b), a.shape) : null,
    b.requiresGrad ? reduceTo(binary("*", dy, a), b.shape) : null,
  ]);
}
