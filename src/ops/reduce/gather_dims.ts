import type { Tensor } from "../../tensor/core.ts";
import { permute } from "../shape/permute.ts";
import { type ReduceLayout, type ReducePlan, reduceRuns } from "./layout.ts";

/** A tensor whose dimensions to reduce are neighbours. */
interface Gathered {
  /** On the tape. */
  readonly x: Tensor;
  /** What reduces it. */
  readonly layout: ReduceLayout;
  /** The dimensions to reduce, of `x`. */
  readonly dims: readonly number[];
}

/** `x` with the dimensions to reduce next to each other. */
export function gatherDims(x: Tensor, plan: ReducePlan): Gathered {
  const runs = reduceRuns(x.shape, plan.dims);
  const { dims } = plan;
  if (runs.length === 1) return { x, layout: runs[0], dims };
  if (runs.length === 0) return { x, layout: { outer: x.numel, count: 1, inner: 1 }, dims };
  const others = x.shape.map((_, d) => d).filter((d) => !plan.dims.includes(d));
  const moved = permute(x, [...others, ...dims]);
  return {
    x: moved,
    layout: { outer: x.numel / plan.count, count: plan.count, inner: 1 },
    dims: dims.map((_, i) => others.length + i),
  };
}
