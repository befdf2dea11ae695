import groupBackwardCode from "../../../kernels/sinkhorn/group_backward.wgsl" with { type: "text" };
import groupForwardCode from "../../../kernels/sinkhorn/group_forward.wgsl" with { type: "text" };
import samplesBackwardCode from "../../../kernels/sinkhorn/samples_backward.wgsl" with {
  type: "text",
};
import samplesForwardCode from "../../../kernels/sinkhorn/samples_forward.wgsl" with {
  type: "text",
};
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { planParams, type SinkhornPlan, type SinkhornResult } from "./plan.ts";

const samplesForward = new Kernel("sinkhorn_samples_forward", samplesForwardCode);
const samplesBackward = new Kernel("sinkhorn_samples_backward", samplesBackwardCode);
const groupForward = new Kernel("sinkhorn_group_forward", groupForwardCode);
const groupBackward = new Kernel("sinkhorn_group_backward", groupBackwardCode);

/** Most columns (in vec4) that a thread of the method `samples` keeps in registers; more is slower to compile and to run. */
const MOST_COLUMNS = 6;

/** Names of the kernels' variables, for their templates. */
const NAMES = { K: "k", KT: "kt", M: "m", MT: "mt" };
const GROUP_NAMES = {
  ...NAMES,
  U: "u",
  V: "v",
  DA: "da",
  DB: "db",
  P_SUM: "p_sum",
  Q_SUM: "q_sum",
};

/** All iterations of a sample in one kernel, by a thread (`samples`) or by a workgroup (`group`). */
export function sinkhornPerSample(
  plan: SinkhornPlan,
  method: "samples" | "group",
): SinkhornResult {
  const { p, q, cost, iterations } = plan;
  const { gpu } = p;
  const [samples] = p.shape;
  const grouped = method === "group";
  const common = planParams(plan);
  const params = grouped ? common : { ...common, stride: cost.stride / 4 };
  const options = {
    values: grouped ? GROUP_NAMES : { ...NAMES, CHUNK: chunkOf(cost.stride / 4) },
    workgroups: [grouped ? samples : Math.ceil(samples / 8)] as const,
  };
  const labels = plan.labels ?? p;
  const state = Tensor.result(gpu, [4 + 2 * iterations, samples, cost.stride]);
  const distance = Tensor.result(gpu, [samples]);
  const matrices = {
    k: cost.k,
    kt: cost.kTransposed,
    mt: cost.kCostTransposed,
  };
  gpu.dispatch(grouped ? groupForward : samplesForward, {
    ...options,
    bindings: {
      ...matrices,
      p,
      q,
      labels,
      state,
      distance,
    },
    params,
  });
  const backward = (gradient: Tensor, wantsQ: boolean) => {
    const dp = Tensor.result(gpu, p.shape);
    const dq = Tensor.result(gpu, wantsQ ? q.shape : [1]);
    const work = Tensor.result(gpu, grouped ? [1] : [4, samples, cost.stride]);
    gpu.dispatch(grouped ? groupBackward : samplesBackward, {
      ...options,
      bindings: {
        ...matrices,
        m: cost.kCost,
        state,
        labels,
        g: gradient,
        work,
        dp,
        dq,
      },
      params: { ...params, wants_q: wantsQ ? 1 : 0 },
    });
    work.dispose();
    if (!wantsQ) dq.dispose();
    return { dp, dq: wantsQ ? dq : null };
  };
  return { distance, saved: [state], backward };
}

/** Columns at a time, so that equal passes cover `stride` with little left over. */
function chunkOf(stride: number): number {
  return Math.ceil(stride / Math.ceil(stride / MOST_COLUMNS));
}
