import code from "../../kernels/softmax/kd_divergence.wgsl" with { type: "text" };
import gradCode from "../../kernels/softmax/kd_divergence_grad.wgsl" with { type: "text" };
import { Kernel } from "../gpu/kernel.ts";
import { track } from "../tensor/autograd.ts";
import { Tensor } from "../tensor/tensor.ts";
import { linearGrid } from "./grid.ts";
import { rowGroups } from "./row_groups.ts";

const kdKernel = new Kernel("kd_divergence", code);
const kdGradKernel = new Kernel("kd_divergence_grad", gradCode);

/**
 * `T^2 KL(softmax(teacher / T) || softmax(student / T))` of every sample, `[samples]`. The teacher is a constant.
 * Arguments are checked by the loss.
 */
export function kdDivergence(student: Tensor, teacher: Tensor, temperature: number): Tensor {
  const { gpu, shape } = student;
  const [samples, classes] = shape;
  const params = { samples, classes, temperature };
  const given = { student: student.storage, teacher: teacher.storage };
  const [y, stats] = [Tensor.result(gpu, [samples]), Tensor.result(gpu, [samples, 4])];
  gpu.dispatch(kdKernel, {
    bindings: { ...given, y: y.storage, stats: stats.storage },
    params,
    ...rowGroups(gpu, samples),
  });
  return track("kdDivergence", [student], y, (dy) => {
    const dstudent = Tensor.result(gpu, shape);
    gpu.dispatch(kdGradKernel, {
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
