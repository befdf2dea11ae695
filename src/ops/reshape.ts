import { track } from "../tensor/autograd.ts";
import { inferShape, type Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * The same memory seen with another shape; nothing is copied. PyTorch: `torch.reshape`.
 *
 * @param shape one size may be -1: it becomes what is left.
 * @throws RangeError when the number of elements differs.
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const y = x.alias(inferShape(shape, x.numel));
  return track("reshape", [x], y, (dy) => [dy.alias(x.shape)]);
}
