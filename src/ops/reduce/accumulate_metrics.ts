import code from "../../../kernels/reduce/accumulate_metrics.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import type { Tensor } from "../../tensor/core.ts";

const accumulateMetricsKernel = new Kernel("accumulate_metrics", code);

/**
 * Adds one step's metrics to running totals, on the device and in place.
 *
 * @param totals [2 + K or more]: steps so far, first step with a value that is not finite (0: none), sums
 * @param values [K]
 * @param watched how many of the values, from the first, must be finite
 * @param weight multiplies the watched values, for batches that are not whole; default 1
 */
export function accumulateMetrics(
  totals: Tensor,
  values: Tensor,
  watched: number,
  weight = 1,
): void {
  if (totals.numel < values.numel + 2) {
    throw new RangeError(`room for ${values.numel + 2} totals wanted, got ${totals.numel}`);
  }
  values.gpu.dispatch(accumulateMetricsKernel, {
    bindings: { values, totals },
    params: { count: values.numel, watched, weight },
    workgroups: [1],
  });
}
