import type { Tensor } from "../tensor/tensor.ts";
import { normalize, sameSize } from "./features.ts";

/**
 * Attention transfer of one pair of feature maps [N, C, H, W]: the mean squared difference of their maps of attention,
 * the mean over the channels of their `power`, as unit vectors. Source: Zagoruyko and Komodakis, 2017, mdistiller's
 * `single_stage_at_loss`.
 */
export function attentionLoss(student: Tensor, teacher: Tensor, power: number): Tensor {
  const attention = (x: Tensor) => normalize(x.pow(power).mean({ dims: 1 }).flatten(1));
  const [s, t] = sameSize(student, teacher);
  return attention(s).sub(attention(t)).pow(2).mean();
}
