import { adaptiveAvgPool2d } from "../ops/pool/adaptive_avg_pool2d.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Divides by the length along the last dimension, at least 1e-12. PyTorch: `torch.nn.functional.normalize`. */
export function normalize(x: Tensor): Tensor {
  // Squares are clamped, so that the gradient of the root exists at zero.
  return x.div(x.pow(2).sum({ dims: -1, keepDims: true }).clamp(1e-24, Infinity).sqrt());
}

/** Two feature maps [N, C, H, W], the larger averaged down to the height of the smaller. */
export function sameSize(student: Tensor, teacher: Tensor): [student: Tensor, teacher: Tensor] {
  const [s, t] = [student.shape[2], teacher.shape[2]];
  if (s > t) return [adaptiveAvgPool2d(student, t), teacher];
  if (s < t) return [student, adaptiveAvgPool2d(teacher, s)];
  return [student, teacher];
}
