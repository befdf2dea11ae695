import code from "../../../kernels/reduce/step_metrics.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import type { Tensor } from "../../tensor/core.ts";
import { requireLabelRows } from "../softmax/label_rows.ts";
import { mul } from "../elementwise/binary.ts";
import { cat } from "../shape/cat.ts";
import { accumulateMetrics } from "./accumulate_metrics.ts";
import { labelRank, topKCorrect } from "./top_k_correct.ts";

const kernel = new Kernel("step_metrics", code);
/** Buffers that the kernel binds beside the terms. */
const OTHER_BUFFERS = 2;

/** What {@linkcode addStepMetrics} adds up. */
export interface StepMetrics {
  /** float32 numbers, which should be finite. */
  readonly terms: readonly Tensor[];
  /** float32 [N, C] */
  readonly logits: Tensor;
  /** int32 [N] */
  readonly labels: Tensor;
  /** Two counts: labels among so many of the largest logits. */
  readonly ks: readonly [number, number];
}

/**
 * Adds one step's losses and hits to running totals, on the device and in place: as `accumulateMetrics` of the terms and
 * `topKCorrect`, in two kernels.
 *
 * @param totals [4 + terms or more]: steps so far, first step with a term that is not finite (0: none), sums
 * @param weight multiplies the terms, for batches that are not whole; at 0 the hits count nothing either
 * @throws RangeError where there is no room, or the shapes do not fit
 */
export function addStepMetrics(
  totals: Tensor,
  { terms, logits, labels, ks }: StepMetrics,
  weight: number,
): void {
  const { gpu } = totals;
  if (terms.length + OTHER_BUFFERS > gpu.device.limits.maxStorageBuffersPerShaderStage) {
    const hits = topKCorrect(logits, labels, ks);
    const values = cat([
      ...terms.map((term) => term.alias([1])),
      weight === 0 ? mul(hits, 0) : hits,
    ]);
    return accumulateMetrics(totals, values, terms.length, weight);
  }
  requireLabelRows("addStepMetrics", logits, labels);
  const wanted = 2 + terms.length + ks.length;
  if (totals.numel < wanted) {
    throw new RangeError(`room for ${wanted} totals wanted, got ${totals.numel}`);
  }
  const rank = labelRank(logits, labels);
  gpu.dispatch(kernel, {
    bindings: {
      ...{ rank, totals },
      ...Object.fromEntries(terms.map((term, i) => [`term${i}`, term])),
    },
    params: {
      rows: labels.numel,
      ...{ k0: ks[0], k1: ks[1], weight },
      counts: Number(weight !== 0),
    },
    values: { TERMS: terms.length },
    workgroups: [1],
  });
  rank.dispose();
}
