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

/** Mean of `d^2 / 2` where the difference d is below 1, of `|d| - 1/2` elsewhere. PyTorch: `smooth_l1_loss`. */
export function smoothL1Loss(a: Tensor, b: Tensor): Tensor {
  const distance = a.sub(b).abs();
  const near = distance.clamp(0, 1);
  return near.mul(distance.sub(near.mul(0.5))).mean();
}
