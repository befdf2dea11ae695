import type { Gpu } from "../../gpu/gpu.ts";
import type { Tensor } from "../../tensor/core.ts";
import { type CostKernel, UNIFORM_CLASSES } from "./cost_kernel.ts";

/**
 * How the iterations run: `samples`, a thread does all of a sample (software adapters, up to 128 classes); `group`,
 * a workgroup does all of a sample (up to 256 classes); `product` and `tiledProduct`, a matrix product for each half
 * of an iteration, for any number of classes, with register tiles or with workgroup tiles.
 */
export type SinkhornMethod = "samples" | "group" | "product" | "tiledProduct";

/** Most classes of the method `group`: the size of its workgroup arrays. */
export const GROUP_CLASSES = 256;

/** Storage buffers of its gradient's kernel; WebGPU promises 8. */
const GROUP_BINDINGS = 9;

/** One call of `sinkhorn()`, checked. */
export interface SinkhornPlan {
  /** Student's masses, `[samples, classes]`. */
  readonly p: Tensor;
  /** Teacher's masses, `[samples, classes]`. */
  readonly q: Tensor;
  /** The batch's cost matrix. */
  readonly cost: CostKernel;
  /** Iterations, 1 or more. */
  readonly iterations: number;
  /** Class of every sample that takes no part, int32 `[samples]`. */
  readonly labels: Tensor | null;
  /** Whether what the backward pass needs must be kept. */
  readonly keep: boolean;
}

/** Distances, what to keep for the backward pass, and that pass. */
export interface SinkhornResult {
  /** `[samples]`. */
  readonly distance: Tensor;
  /** Freed with the graph. */
  readonly saved: readonly Tensor[];
  /** Gradients of p, and of q where wanted, from that of the distances. */
  readonly backward: (gradient: Tensor, wantsQ: boolean) => { dp: Tensor; dq: Tensor | null };
}

/** The fastest method for this adapter and number of classes. */
export function chooseMethod(gpu: Gpu, classes: number): SinkhornMethod {
  if (gpu.software) return classes <= UNIFORM_CLASSES ? "samples" : "product";
  const { maxStorageBuffersPerShaderStage: bindings } = gpu.device.limits;
  return classes <= GROUP_CLASSES && bindings >= GROUP_BINDINGS ? "group" : "tiledProduct";
}

/** Parameters that the kernels share; `stride` counts elements. */
export function planParams(plan: SinkhornPlan): Record<string, number> {
  const [samples, classes] = plan.p.shape;
  const { stride } = plan.cost;
  return {
    samples,
    classes,
    stride,
    iterations: plan.iterations,
    separated: plan.labels ? 1 : 0,
    start: 1 / (plan.labels ? classes - 1 : classes),
  };
}
