import { dkdDivergence } from "../ops/losses/dkd_divergence.ts";
import { mean } from "../ops/reduce/sum.ts";
import { requireFloat } from "../ops/require_dtype.ts";
import { requireLabelRows } from "../ops/softmax/label_rows.ts";
import { autocastInput } from "../tensor/autocast.ts";
import { checkOptions } from "../options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkLogits } from "./check_logits.ts";

/** Options of {@linkcode dkdLoss}. */
export interface DkdOptions {
  /** Divides the logits before the soft-max. Default 4. */
  temperature?: number;
  /** Weight of the divergence between the label and all other classes together (TCKD). Default 1. */
  alpha?: number;
  /** Weight of the divergence among the other classes (NCKD). Default 8. */
  beta?: number;
}

/**
 * Decoupled knowledge distillation: `T^2 (alpha TCKD + beta NCKD)`, averaged over the batch. The teacher is a constant.
 * Source: equation 7 of the DKD paper (Zhao et al., 2022), and WKD's `dkd_loss`, which takes TCKD's logarithms of the
 * student's probabilities and 1e-5; mdistiller's adds nothing.
 *
 * @param student float32 `[samples, classes]`, two or more classes
 * @param teacher the same shape
 * @param labels int32 `[samples]`
 * @returns one number
 * @throws RangeError when shapes, the temperature or a label do not fit, TypeError when the labels are not int32
 */
export function dkdLoss(
  student: Tensor,
  teacher: Tensor,
  labels: Tensor,
  options: DkdOptions = {},
): Tensor {
  checkOptions<DkdOptions>("dkdLoss()", options, { temperature: true, alpha: true, beta: true });
  const { temperature = 4, alpha = 1, beta = 8 } = options;
  student = autocastInput("dkdLoss", student);
  teacher = autocastInput("dkdLoss", teacher);
  requireFloat("dkdLoss", student, teacher);
  checkLogits(student, teacher, temperature);
  requireLabelRows("dkdLoss", student, labels);
  if (student.shape[1] < 2) {
    throw new RangeError(`dkdLoss() wants two or more classes; got ${student.shape[1]}`);
  }
  return mean(dkdDivergence(student, teacher, labels, { temperature, alpha, beta }));
}
