import { requireIndices } from "../ops/indexing/require_indices.ts";
import { wkdCombine } from "../ops/losses/wkd_combine.ts";
import { wkdMarginals } from "../ops/losses/wkd_marginals.ts";
import { mean } from "../ops/reduce/sum.ts";
import { requireFloat } from "../ops/require_dtype.ts";
import type { CostKernel } from "../ops/sinkhorn/cost_kernel.ts";
import { sinkhorn, type SinkhornMethod } from "../ops/sinkhorn/sinkhorn.ts";
import { autocastInput } from "../tensor/autocast.ts";
import { checkOptions, type OptionNames } from "../options.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkLogits } from "./check_logits.ts";

/** Options of {@linkcode wkdLogitLoss}. */
export interface WkdLogitOptions {
  /** Divides the logits before the soft-max. Default 1. */
  temperature?: number;
  /** Sinkhorn iterations. Default 10. */
  iterations?: number;
  /** How the iterations run. Default: the fastest for the adapter and the number of classes. */
  method?: SinkhornMethod;
}

const OPTIONS: OptionNames<WkdLogitOptions> = {
  ...{ temperature: true, iterations: true, method: true },
};

/** Options of {@linkcode wkdLogitLossWithTargetSeparation}. */
export interface WkdSeparatedOptions extends WkdLogitOptions {
  /**
   * Weight of the Wasserstein part; the term of the labelled class has weight 1. A weight that changes from step to
   * step is a tensor of one element, which gets no gradient. Default 1.
   */
  gamma?: number | Tensor;
}

/**
 * WKD-L without target separation: the mean over the batch of the discrete Wasserstein distance between the
 * soft-maxes of student and teacher. The teacher is a constant. Source: the authors' `wkd_logit_loss`.
 *
 * @param student float32 `[samples, classes]`
 * @param teacher the same shape
 * @returns one number
 * @throws RangeError when shapes, the temperature or the iterations do not fit
 */
export function wkdLogitLoss(
  student: Tensor,
  teacher: Tensor,
  cost: CostKernel,
  options: WkdLogitOptions = {},
): Tensor {
  checkOptions<WkdLogitOptions>("wkdLogitLoss()", options, OPTIONS);
  const { temperature = 1, ...rest } = options;
  student = autocastInput("wkdLogitLoss", student);
  teacher = autocastInput("wkdLogitLoss", teacher);
  requireFloat("wkdLogitLoss", student, teacher);
  checkLogits(student, teacher, temperature);
  const { p, q } = wkdMarginals(student, teacher, null, temperature);
  return mean(sinkhorn(p, q, cost, rest));
}

/**
 * WKD-L as the authors train with it: `mean(-t_y log s_y) + gamma mean(W)`, where t and s are the soft-maxes of all
 * classes without temperature, y is the label, and W is the discrete Wasserstein distance between the soft-maxes
 * (with temperature) over the other classes. The teacher is a constant. Source: equation 6 of the WKD paper, and the
 * authors' `wkd_logit_loss_with_speration`.
 *
 * @param student float32 `[samples, classes]`
 * @param teacher the same shape
 * @param labels int32 `[samples]`
 * @returns one number
 * @throws RangeError when shapes, the temperature, the iterations or a label do not fit
 * @throws TypeError when the labels are not int32 `[samples]`
 */
export function wkdLogitLossWithTargetSeparation(
  student: Tensor,
  teacher: Tensor,
  labels: Tensor,
  cost: CostKernel,
  options: WkdSeparatedOptions = {},
): Tensor {
  checkOptions<WkdSeparatedOptions>("wkdLogitLossWithTargetSeparation()", options, {
    ...OPTIONS,
    gamma: true,
  });
  const { temperature = 1, gamma = 1, ...rest } = options;
  student = autocastInput("wkdLogitLoss", student);
  teacher = autocastInput("wkdLogitLoss", teacher);
  requireFloat("wkdLogitLoss", student, teacher);
  checkLogits(student, teacher, temperature);
  if (labels.dtype !== "int32" || labels.ndim !== 1 || labels.shape[0] !== student.shape[0]) {
    throw new TypeError(
      `labels must be int32 [${student.shape[0]}]; got ${labels.dtype} ${
        formatShape(labels.shape)
      }`,
    );
  }
  requireIndices(labels, {
    use: "wkdLogitLossWithTargetSeparation() of a label",
    size: student.shape[1],
  });
  if (typeof gamma !== "number" && gamma.numel !== 1) {
    throw new RangeError(
      `gamma must be a number or a tensor of one element; got ${formatShape(gamma.shape)}`,
    );
  }
  const { p, q, term } = wkdMarginals(student, teacher, labels, temperature);
  const distance = sinkhorn(p, q, cost, { ...rest, labels });
  return wkdCombine(term!, distance, gamma);
}
