import type { Tensor } from "../../tensor/core.ts";
import { permute } from "../shape/permute.ts";
import { type ReduceLayout, type ReducePlan, reduceRuns } from "./layout.ts";

/** `x`, on the tape, with the dimensions to reduce next to each other, and the layout that reduces them. */
export function gatherDims(x: Tensor, plan: ReducePlan): { x: Tensor; layout: ReduceLayout } {
  const runs = reduceRuns(x.shape, plan.dims);
  if (runs.length === 1) return { x, layout: runs[0] };
  if (runs.length === 0) return { x, layout: { outer: x.numel, count: 1, inner: 1 } };
  const others = x.shape.map((_, d) => d).filter((d) => !plan.dims.includes(d));
  const moved = permute(x, [...others, ...plan.dims]);
  return { x: moved, layout: { outer: x.numel / plan.count, count: plan.count, inner: 1 } };
}
