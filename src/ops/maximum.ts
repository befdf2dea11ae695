import { track } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { binary } from "./elementwise_binary.ts";
import { requireFloat } from "./require_dtype.ts";
import { reduceTo } from "./sum_to.ts";

/**
 * The larger of `a` and `b`, element by element; shapes broadcast. Where they are equal each gets half
 * of the gradient; where one is NaN so is the result, and each gets all of it. PyTorch: `torch.maximum`.
 *
 * @throws TypeError unless both are float32; RangeError when the shapes do not broadcast.
 */
export function maximum(a: Tensor, b: Tensor): Tensor {
  requireFloat("maximum", a, b);
  return track("maximum", [a, b], binary("maximum", a, b), (dy) => [
    a.requiresGrad ? reduceTo(masked(dy, a, b), a.shape) : null,
    b.requiresGrad ? reduceTo(masked(dy, b, a), b.shape) : null,
  ]);
}

/** `dy` where the first is the larger one or one is NaN, half of it where they are equal. */
function masked(dy: Tensor, first: Tensor, second: Tensor): Tensor {
  const share = binary("share", first, second);
  const result = binary("*", dy, share);
  share.dispose();
  return result;
}
