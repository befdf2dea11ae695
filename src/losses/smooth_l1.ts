import type { Tensor } from "../tensor/tensor.ts";

/** Mean of `d^2 / 2` where the difference d is below 1, of `|d| - 1/2` elsewhere. PyTorch: `smooth_l1_loss`. */
export function smoothL1Loss(a: Tensor, b: Tensor): Tensor {
  const distance = a.sub(b).abs();
  const near = distance.clamp(0, 1);
  return near.mul(distance.sub(near.mul(0.5))).mean();
}
