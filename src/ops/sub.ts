import { track } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { promote } from "./cast.ts";
import { binary } from "./elementwise_binary.ts";
import { requireFloats } from "./require_dtype.ts";
import { sumTo } from "./sum_to.ts";

/**
 * `a - b`, element by element; shapes broadcast. PyTorch: `torch.sub`.
 *
 * @throws TypeError unless both are float32 or float16, which meets float32 as float32;
 * RangeError when the shapes do not broadcast.
 */
export function sub(a: Tensor, b: Tensor | number): Tensor {
  if (typeof b === "number") {
    requireFloats("sub", a);
    return track("sub", [a], binary("-", a, b), (dy) => [dy]);
  }
  return subTensors(...promote(a, b));
}

function subTensors(a: Tensor, b: Tensor): Tensor {
  requireFloats("sub", a, b);
  return track("sub", [a, b], binary("-", a, b), (dy) => [
    a.requiresGrad ? sumTo(dy, a.shape) : null,
    b.requiresGrad ? negated(sumTo(dy, b.shape), dy) : null,
  ]);
}

function negated(x: Tensor, borrowed: Tensor): Tensor {
  const result = binary("*", x, -1);
  if (x !== borrowed) x.dispose();
  return result;
}
