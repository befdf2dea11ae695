import { autocastInput } from "../tensor/autocast.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * Mean squared difference. PyTorch: `torch.nn.functional.mse_loss`.
 *
 * @param a float32, any shape
 * @param b the same shape
 * @returns one number
 * @throws RangeError when the shapes differ
 */
export function mseLoss(a: Tensor, b: Tensor): Tensor {
  if (!sameShape(a.shape, b.shape)) {
    throw new RangeError(
      `mseLoss() of ${formatShape(a.shape)} and ${formatShape(b.shape)}: one shape wanted`,
    );
  }
  return autocastInput("mseLoss", a).sub(autocastInput("mseLoss", b)).pow(2).mean();
}
