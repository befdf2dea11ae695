import type { Features } from "../models/model.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** The sum of a loss over the features of all stages but the stem; surplus stages of one model are left out. */
export function sumOverStages(
  student: Features,
  teacher: Features,
  loss: (student: Tensor, teacher: Tensor, stage: number) => Tensor,
): Tensor {
  const stages = Math.min(student.feats.length, teacher.feats.length) - 1;
  return Array.from({ length: stages }, (_, i) => {
    return loss(student.feats[i + 1], teacher.feats[i + 1], i);
  }).reduce((sum, term) => sum.add(term));
}
