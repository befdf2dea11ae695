import { gradEnabled, track } from "../../tensor/autograd.ts";
import type { Tensor } from "../../tensor/core.ts";
import { checkOptions } from "../../options.ts";
import { formatShape, sameShape } from "../../tensor/shape.ts";
import { sinkhornByProducts } from "./by_products.ts";
import { type CostKernel, UNIFORM_CLASSES } from "./cost_kernel.ts";
import { sinkhornPerSample } from "./per_sample.ts";
import { chooseMethod, GROUP_CLASSES, type SinkhornMethod, type SinkhornPlan } from "./plan.ts";

export type { SinkhornMethod } from "./plan.ts";

/** Options of {@linkcode sinkhorn}. */
export interface SinkhornOptions {
  /** Iterations (the authors' `SINKHORN.ITER`), 1 or more. Default 10. */
  iterations?: number;
  /** int32 `[samples]`: a class of each sample that takes no part (no mass, no gradient). Default: all take part. */
  labels?: Tensor;
  /** Default: the fastest for the adapter and the number of classes. */
  method?: SinkhornMethod;
}

/**
 * The discrete Wasserstein distance of every sample by Sinkhorn's iterations, with one cost matrix for the batch:
 * `v = q / (K^T u + 1e-8)`, `u = p / (K v + 1e-8)` from `u = 1 / classes`, then `sum of u_i K_ij D_ij v_j`.
 * Differentiable in p and q through every iteration. Nothing of size samples x classes x classes is made.
 * Source: equation 4 of the WKD paper, and the authors' `sinkhorn`.
 *
 * @param p student's masses, float32 `[samples, classes]`
 * @param q teacher's masses, the same shape
 * @returns distances, `[samples]`
 * @throws RangeError when shapes do not fit, or the iterations are not a positive integer
 */
export function sinkhorn(
  p: Tensor,
  q: Tensor,
  cost: CostKernel,
  options: SinkhornOptions = {},
): Tensor {
  checkOptions<SinkhornOptions>("sinkhorn()", options, {
    ...{ iterations: true, labels: true, method: true },
  });
  const { iterations = 10, labels = null } = options;
  const method = options.method ?? chooseMethod(p.gpu, cost.classes);
  const keep = gradEnabled() && (p.requiresGrad || q.requiresGrad);
  const plan: SinkhornPlan = { p, q, cost, iterations, labels, keep };
  checkPlan(plan, method);
  const { distance, saved, backward } = method === "samples" || method === "group"
    ? sinkhornPerSample(plan, method)
    : sinkhornByProducts(plan, method === "tiledProduct");
  return track("sinkhorn", [p, q], distance, (gradient) => {
    const { dp, dq } = backward(gradient, q.requiresGrad);
    return [dp, dq];
  }, saved);
}

function checkPlan({ p, q, cost, iterations, labels }: SinkhornPlan, method: SinkhornMethod): void {
  if (p.ndim !== 2 || !sameShape(p.shape, q.shape)) {
    throw new RangeError(
      `sinkhorn() wants two tensors of shape [samples, classes]; got ${formatShape(p.shape)} ` +
        `and ${formatShape(q.shape)}`,
    );
  }
  if (p.shape[1] !== cost.classes) {
    throw new RangeError(
      `sinkhorn() of ${
        p.shape[1]
      } classes with a cost matrix of ${cost.classes}; make the cost matrix ` +
        `from a teacher with the same classes`,
    );
  }
  if (!Number.isInteger(iterations) || iterations < 1) {
    throw new RangeError(`sinkhorn() wants 1 or more iterations; got ${iterations}`);
  }
  if (labels && (labels.dtype !== "int32" || !sameShape(labels.shape, [p.shape[0]]))) {
    throw new TypeError(
      `sinkhorn() wants int32 labels of shape [${p.shape[0]}]; got ${labels.dtype} ` +
        formatShape(labels.shape),
    );
  }
  const most = { samples: UNIFORM_CLASSES, group: GROUP_CLASSES }[method as string] ?? Infinity;
  if (cost.classes > most) {
    throw new RangeError(
      `sinkhorn() by the method "${method}" takes at most ${most} classes; got ${cost.classes}`,
    );
  }
}
