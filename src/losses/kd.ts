import { kdDivergence } from "../ops/losses/row_divergence.ts";
import { mean } from "../ops/reduce/sum.ts";
import { requireFloat } from "../ops/require_dtype.ts";
import { autocastInput } from "../tensor/autocast.ts";
import { checkOptions } from "../options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkLogits } from "./check_logits.ts";

/** Options of {@linkcode kdLoss}. */
export interface KdOptions {
  /** Divides the logits before the soft-max. Default 4. */
  temperature?: number;
}

/**
 * Hinton's distillation loss: `T^2 KL(softmax(teacher / T) || softmax(student / T))`, summed over the classes,
 * averaged over the batch. The teacher is a constant. Source: mdistiller's `kd_loss`.
 *
 * @param student float32 `[samples, classes]`
 * @param teacher the same shape
 * @returns one number
 * @throws RangeError when shapes or the temperature do not fit
 */
export function kdLoss(student: Tensor, teacher: Tensor, options: KdOptions = {}): Tensor {
  checkOptions<KdOptions>("kdLoss()", options, { temperature: true });
  const { temperature = 4 } = options;
  student = autocastInput("kdLoss", student);
  teacher = autocastInput("kdLoss", teacher);
  requireFloat("kdLoss", student, teacher);
  checkLogits(student, teacher, temperature);
  return mean(kdDivergence(student, teacher, temperature));
}
