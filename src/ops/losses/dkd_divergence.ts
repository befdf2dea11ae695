import code from "../../../kernels/softmax/dkd_divergence.wgsl" with { type: "text" };
import gradCode from "../../../kernels/softmax/dkd_divergence_grad.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import type { Tensor } from "../../tensor/core.ts";
import { rowDivergence } from "./row_divergence.ts";

const dkdKernel = new Kernel("dkd_divergence", code);
const dkdGradKernel = new Kernel("dkd_divergence_grad", gradCode);

/** Settings of {@linkcode dkdDivergence}. */
interface DkdDivergenceOptions {
  /** Divides the logits before the soft-max. */
  readonly temperature: number;
  /** Weight of the divergence between label and rest. */
  readonly alpha: number;
  /** Weight of the divergence among the other classes. */
  readonly beta: number;
}

/**
 * `T^2 (alpha TCKD + beta NCKD)` of every sample, `[samples]`. The teacher is a constant. Arguments are checked by the
 * loss; a label out of range makes its row NaN.
 */
export function dkdDivergence(
  student: Tensor,
  teacher: Tensor,
  labels: Tensor,
  { temperature, alpha, beta }: DkdDivergenceOptions,
): Tensor {
  return rowDivergence(student, {
    ...{ name: "dkdDivergence", kernel: dkdKernel, gradKernel: dkdGradKernel },
    given: { teacher, labels },
    params: { scale: 1 / temperature, alpha, beta, nan: NaN },
  });
}
