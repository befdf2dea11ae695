import type { Tensor } from "../tensor/tensor.ts";
import { normalize } from "./features.ts";

/**
 * The sum of squared differences of the cosines between classes, of the rows of two classifiers, `[classes, features]`
 * each with its own features. WKD's code: `loss_ir` of its KD.
 */
export function classRelationLoss(student: Tensor, teacher: Tensor): Tensor {
  const cosines = (weight: Tensor) => {
    const rows = normalize(weight);
    return rows.matmul(rows, { transposeB: true });
  };
  return cosines(student).sub(cosines(teacher)).pow(2).sum();
}
