import code from "../../kernels/softmax/dkd_divergence.wgsl" with { type: "text" };
import gradCode from "../../kernels/softmax/dkd_divergence_grad.wgsl" with { type: "text" };
import { Kernel } from "../gpu/kernel.ts";
import { track } from "../tensor/autograd.ts";
import { Tensor } from "../tensor/tensor.ts";
import { linearGrid } from "./grid.ts";
import { rowGroups } from "./row_groups.ts";

const dkdKernel = new Kernel("dkd_divergence", code);
const dkdGradKernel = new Kernel("dkd_divergence_grad", gradCode);

/** Settings of {@linkcode dkdDivergence}. */
export interface DkdDivergenceOptions {
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
  const { gpu, shape } = student;
  const [samples, classes] = shape;
  const params = { samples, classes, scale: 1 / temperature, alpha, beta, nan: NaN };
  const given = {
    student: student.storage,
    teacher: teacher.storage,
    labels: labels.storage,
  };
  const [y, stats] = [Tensor.result(gpu, [samples]), Tensor.result(gpu, [samples, 4])];
  gpu.dispatch(dkdKernel, {
    bindings: { ...given, y: y.storage, stats: stats.storage },
    params,
    ...rowGroups(gpu, samples),
  });
  return track("dkdDivergence", [student], y, (dy) => {
    const dstudent = Tensor.result(gpu, shape);
    gpu.dispatch(dkdGradKernel, {
      bindings: {
        ...given,
        dy: dy.storage,
        stats: stats.storage,
        dstudent: dstudent.storage,
      },
      params,
      workgroups: linearGrid(Math.ceil(samples * classes / 64)),
    });
    return [dstudent];
  }, [stats]);
}
