import code from "../../../kernels/ofd/partial_l2.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { track } from "../../tensor/autograd.ts";
import { Tensor } from "../../tensor/core.ts";
import { formatShape, sameShape } from "../../tensor/shape.ts";
import { linearGrid } from "../grid.ts";
import { requireFloat } from "../require_dtype.ts";

const partialL2Kernel = new Kernel("partial_l2", code);

/**
 * The partial L2 distance to the teacher's features behind a margin ReLU, element by element: with
 * `d = student - max(teacher, margin)` it is `d^2`, but 0 where neither the teacher nor `d` is positive. Teacher and
 * margins are constants. Source: Heo et al., ICCV 2019; mdistiller's `feat_loss` in `OFD.py`, before its sum.
 *
 * @param student float32 [N, C, H, W], before the activation
 * @param teacher the same shape
 * @param margin float32 [C], 0 or negative
 * @returns [N, C, H, W]
 * @throws TypeError unless all are float32, RangeError when the shapes do not fit.
 */
export function partialL2(student: Tensor, teacher: Tensor, margin: Tensor): Tensor {
  requireFloat("partialL2", student, teacher, margin);
  const { gpu, shape: [, channels, height, width] } = student;
  if (
    student.shape.length !== 4 || !sameShape(student.shape, teacher.shape) ||
    !sameShape(margin.shape, [channels])
  ) {
    throw new RangeError(
      `partialL2() wants two tensors [N, C, H, W] and margins [C]; got ` +
        [student, teacher, margin].map(({ shape }) => formatShape(shape)).join(", "),
    );
  }
  // Neighbouring threads of a GPU read neighbouring elements; on a CPU one thread walks a stretch of the plane.
  const per = gpu.software ? 16 : 1;
  const inputs = { s: student, t: teacher, margin };
  const shared = {
    params: { count: student.numel, area: height * width, channels },
    constants: { PER: per },
    workgroups: linearGrid(Math.ceil(student.numel / (64 * per))),
  };
  const y = Tensor.result(gpu, student.shape);
  gpu.dispatch(partialL2Kernel, {
    bindings: { ...inputs, y },
    values: { GRADIENT: 0 },
    ...shared,
  });
  return track("partialL2", [student], y, (dy) => {
    const ds = Tensor.result(gpu, student.shape);
    gpu.dispatch(partialL2Kernel, {
      bindings: { ...inputs, dy, y: ds },
      values: { GRADIENT: 1 },
      ...shared,
    });
    return [ds];
  });
}
