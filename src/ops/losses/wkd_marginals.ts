import marginalsCode from "../../../kernels/sinkhorn/marginals.wgsl" with { type: "text" };
import marginalsGradCode from "../../../kernels/sinkhorn/marginals_grad.wgsl" with { type: "text" };
import type { Bindable } from "../../gpu/gpu.ts";
import { Kernel } from "../../gpu/kernel.ts";
import { trackMany } from "../../tensor/autograd.ts";
import { Tensor } from "../../tensor/core.ts";
import { rowGroups } from "../row_groups.ts";

const marginalsKernel = new Kernel("wkd_marginals", marginalsCode);
const marginalsGradKernel = new Kernel("wkd_marginals_grad", marginalsGradCode);

/** What {@linkcode wkdMarginals} makes of the logits. */
interface WkdMarginals {
  /** Student's probabilities, `[samples, classes]`. */
  p: Tensor;
  /** Teacher's probabilities, `[samples, classes]`; a constant. */
  q: Tensor;
  /** `-softmax(teacher)[label] log softmax(student)[label]`, `[samples]`; null without labels. */
  term: Tensor | null;
}

/**
 * The distributions that WKD-L compares: `softmax(logits / temperature)` of student and teacher. With labels, the
 * soft-max runs over the other classes (zero at the label), and the labelled class gets a term of its own, without
 * temperature. The teacher is a constant. Arguments are checked by the losses.
 */
export function wkdMarginals(
  student: Tensor,
  teacher: Tensor,
  labels: Tensor | null,
  temperature: number,
): WkdMarginals {
  const { gpu, shape } = student;
  const [samples, classes] = shape;
  const params = { samples, classes, separated: labels ? 1 : 0, scale: 1 / temperature };
  const given = { student, labels: labels ?? student };
  const [p, q] = [Tensor.result(gpu, shape), Tensor.result(gpu, shape)];
  const [term, stats] = [Tensor.result(gpu, [samples]), Tensor.result(gpu, [samples, 4])];
  gpu.dispatch(marginalsKernel, {
    bindings: {
      ...given,
      teacher,
      p,
      q,
      term,
      stats,
    },
    params,
    ...rowGroups(gpu, samples),
  });
  const outputs = labels ? [p, term] : [p];
  if (!labels) term.dispose();
  trackMany("wkdMarginals", [student], outputs, ([dp, dterm], before) => {
    const added = gpu.device.limits.maxStorageBuffersPerShaderStage > 7 ? before(student) : null;
    const bindings = { ...given, p, stats, added };
    return [marginalsGrad(student, bindings, params, dp, labels ? dterm : null)];
  }, [stats]);
  return { p, q, term: labels ? term : null };
}

function marginalsGrad(
  student: Tensor,
  bindings: Record<string, Bindable | null> & { readonly added: Tensor | null },
  params: Record<string, number>,
  dp: Tensor | null,
  dterm: Tensor | null,
): Tensor {
  const { gpu, shape } = student;
  const dstudent = Tensor.result(gpu, shape);
  const { values, workgroups } = rowGroups(gpu, shape[0]);
  const none = dp && dterm ? null : Tensor.result(gpu, shape).zero_();
  gpu.dispatch(marginalsGradKernel, {
    bindings: {
      ...bindings,
      dp: dp ?? none,
      dterm: dterm ?? none,
      dstudent,
    },
    params,
    values: { ...values, ADD: Number(bindings.added !== null) },
    workgroups,
  });
  bindings.added?.dispose();
  none?.dispose();
  return dstudent;
}
