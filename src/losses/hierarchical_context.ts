import { adaptiveAvgPool2d } from "../ops/pool/adaptive_avg_pool2d.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { mseLoss } from "./mse.ts";

/**
 * Mean squared differences of two feature maps [N, C, H, W] and of their averages over grids of 4 x 4, 2 x 2 and 1 x 1,
 * each with half the weight of the one before. Source: Chen et al., 2021, mdistiller's `hcl_loss`.
 */
export function hierarchicalContextLoss(student: Tensor, teacher: Tensor): Tensor {
  let loss = mseLoss(student, teacher);
  let [weight, total] = [1, 1];
  for (const size of [4, 2, 1].filter((each) => each < student.shape[2])) {
    weight /= 2;
    total += weight;
    const [s, t] = [student, teacher].map((x) => adaptiveAvgPool2d(x, size));
    loss = loss.add(mseLoss(s, t).mul(weight));
  }
  return loss.mul(1 / total);
}
