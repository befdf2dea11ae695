import code from "../../../kernels/softmax/kd_divergence.wgsl" with { type: "text" };
import gradCode from "../../../kernels/softmax/kd_divergence_grad.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { track } from "../../tensor/autograd.ts";
import { Tensor } from "../../tensor/core.ts";
import { linearGrid } from "../grid.ts";
import { rowGroups } from "../row_groups.ts";

const kdKernel = new Kernel("kd_divergence", code);
const kdGradKernel = new Kernel("kd_divergence_grad", gradCode);

/** A divergence of each row of the student's logits from what is given, and its gradient. */
interface RowDivergence {
  readonly name: string;
  /** Writes `y [samples]` and `stats [samples, 4]`, a workgroup or thread a row. */
  readonly kernel: Kernel;
  /** Writes `dstudent [samples, classes]` of `dy` and `stats`, a thread an element. */
  readonly gradKernel: Kernel;
  /** Beside the student, by their names in both kernels; constants. */
  readonly given: Readonly<Record<string, Tensor>>;
  /** Beside `samples` and `classes`. */
  readonly params: Readonly<Record<string, number>>;
}

/** The divergence of every sample, `[samples]`, for `student [samples, classes]`. */
export function rowDivergence(student: Tensor, of: RowDivergence): Tensor {
  const { gpu, shape } = student;
  const [samples, classes] = shape;
  const params = { samples, classes, ...of.params };
  const given = { student, ...of.given };
  const [y, stats] = [Tensor.result(gpu, [samples]), Tensor.result(gpu, [samples, 4])];
  gpu.dispatch(of.kernel, {
    bindings: { ...given, y, stats },
    params,
    ...rowGroups(gpu, samples),
  });
  return track(of.name, [student], y, (dy) => {
    const dstudent = Tensor.result(gpu, shape);
    gpu.dispatch(of.gradKernel, {
      bindings: { ...given, dy, stats, dstudent },
      params,
      workgroups: linearGrid(Math.ceil(samples * classes / 64)),
    });
    return [dstudent];
  }, [stats]);
}

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
