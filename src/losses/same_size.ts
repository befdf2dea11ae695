import { adaptiveAvgPool2d } from "../ops/adaptive_avg_pool2d.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Two feature maps [N, C, H, W], the larger averaged down to the height of the smaller. */
export function sameSize(student: Tensor, teacher: Tensor): [student: Tensor, teacher: Tensor] {
  const [s, t] = [student.shape[2], teacher.shape[2]];
  if (s > t) return [adaptiveAvgPool2d(student, t), teacher];
  if (s < t) return [student, adaptiveAvgPool2d(teacher, s)];
  return [student, teacher];
}
