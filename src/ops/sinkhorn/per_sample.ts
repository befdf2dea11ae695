import groupBackwardCode from "../../../kernels/sinkhorn/group_backward.wgsl" with { type: "text" };
import groupForwardCode from "../../../kernels/sinkhorn/group_forward.wgsl" with { type: "text" };
import samplesBackwardCode from "../../../kernels/sinkhorn/samples_backward.wgsl" with {
  type: "text",
};
import samplesForwardCode from "../../../kernels/sinkhorn/samples_forward.wgsl" with {
  type: "text",
};
import heldBackwardCode from "../../../kernels/sinkhorn/held_backward.wgsl" with { type: "text" };
import heldForwardCode from "../../../kernels/sinkhorn/held_forward.wgsl" with { type: "text" };
import type { Gpu } from "../../gpu/gpu.ts";
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { planParams, type SinkhornPlan, type SinkhornResult } from "./plan.ts";

const samplesForward = new Kernel("sinkhorn_samples_forward", samplesForwardCode);
const samplesBackward = new Kernel("sinkhorn_samples_backward", samplesBackwardCode);
const groupForward = new Kernel("sinkhorn_group_forward", groupForwardCode);
const groupBackward = new Kernel("sinkhorn_group_backward", groupBackwardCode);
const heldForward = new Kernel("sinkhorn_held_forward", heldForwardCode);
const heldBackward = new Kernel("sinkhorn_held_backward", heldBackwardCode);

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

const HELD_NAMES = {
  ...{ U: "u", V: "v", K: "k", KT: "kt", DA: "da", DB: "db" },
  ...{ MASS_U: "massU", MASS_V: "massV", GRADIENT_P: "gradientP", GRADIENT_Q: "gradientQ" },
};

/** Most rows of a matrix that a thread holds in registers; it may hold two matrices. */
const MOST_HELD = 32;
/** Most threads of a workgroup, so that each has registers enough. */
const MOST_THREADS = 512;

/**
 * Template values of the kernels that hold the matrix in registers: as many threads a column as there is room for, up to
 * four. Null for matrices that are too large.
 */
function heldValues(gpu: Gpu, { stride, k, kTransposed }: SinkhornPlan["cost"]) {
  const room = Math.min(MOST_THREADS, gpu.device.limits.maxComputeInvocationsPerWorkgroup);
  const lanesOf = (parts: number) => Math.max(64, 2 ** Math.ceil(Math.log2(parts * stride)));
  const PARTS = [4, 2, 1].find((parts) => lanesOf(parts) <= room);
  if (PARTS === undefined || stride / PARTS > MOST_HELD) return null;
  return {
    ...HELD_NAMES,
    ...{ STRIDE: stride, PARTS, HELD: stride / PARTS, LANES: lanesOf(PARTS) },
    SYMMETRIC: Number(k === kTransposed),
  };
}

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
  const held = grouped ? heldValues(gpu, cost) : null;
  const options = {
    values: held ?? (grouped ? GROUP_NAMES : { ...NAMES, CHUNK: chunkOf(cost.stride / 4) }),
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
  gpu.dispatch(held ? heldForward : grouped ? groupForward : samplesForward, {
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
    gpu.dispatch(held ? heldBackward : grouped ? groupBackward : samplesBackward, {
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
