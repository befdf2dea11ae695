import code from "../../kernels/softmax/kd_divergence.wgsl" with { type: "text" };
import gradCode from "../../kernels/softmax/kd_divergence_grad.wgsl" with { type: "text" };
import { Kernel } from "../gpu/kernel.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { rowDivergence } from "./row_divergence.ts";

const kdKernel = new Kernel("kd_divergence", code);
const kdGradKernel = new Kernel("kd_divergence_grad", gradCode);

/**
 * `T^2 KL(softmax(teacher / T) || softmax(student / T))` of every sample, `[samples]`. The teacher is a constant.
 * Arguments are checked by the loss.
 */
export function kdDivergence(student: Tensor, teacher: Tensor, temperature: number): Tensor {
  return rowDivergence(student, {
    ...{ name: "kdDivergence", kernel: kdKernel, gradKernel: kdGradKernel },
    given: { teacher },
    params: { temperature },
  });
}
