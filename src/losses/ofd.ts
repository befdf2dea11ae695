import { partialL2 } from "../ops/losses/partial_l2.ts";
import { adaptiveAvgPool2d } from "../ops/pool/adaptive_avg_pool2d.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * The overhaul of feature distillation of one pair of features: the sum over a sample of {@linkcode partialL2}, averaged
 * over the batch; the teacher's are averaged to the student's size. Source: Heo et al., ICCV 2019, mdistiller's `feat_loss`.
 *
 * @param student float32 [N, C, H, W], before the activation
 * @param teacher float32 [N, C, height, width], before the activation; a constant
 * @param margin float32 [C]
 * @returns one number
 */
export function ofdLoss(student: Tensor, teacher: Tensor, margin: Tensor): Tensor {
  const [samples, , height, width] = student.shape;
  const [, , teacherHeight, teacherWidth] = teacher.shape;
  const fits = height === teacherHeight && width === teacherWidth;
  const wanted = fits ? teacher : adaptiveAvgPool2d(teacher, [height, width]);
  return partialL2(student, wanted, margin).sum().mul(1 / samples);
}
