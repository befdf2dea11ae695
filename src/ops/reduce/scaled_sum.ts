import { track } from "../../tensor/autograd.ts";
import type { Tensor } from "../../tensor/core.ts";
import type { DType, FloatType } from "../../tensor/dtype.ts";
import { cast } from "../elementwise/cast.ts";
import { requireFloats } from "../require_dtype.ts";
import { takeAs } from "../take_as.ts";
import { type ReduceLayout, type ReducePlan, reduceRuns } from "./layout.ts";
import { reduce } from "./reduce.ts";
import { reduceGrad, reduceGradPlus } from "./reduce_grad.ts";

/** `scale * sum` over the dimensions of a plan, in the type of `x` or in `dtype`, on the tape under `name`. */
export function scaledSum(
  name: string,
  x: Tensor,
  plan: ReducePlan,
  scale: number,
  dtype: DType = x.dtype,
): Tensor {
  requireFloats(name, x);
  const runs = reduceRuns(x.shape, plan.dims);
  if (runs.length === 0) {
    const same = track([name, plan], [x], x.alias(plan.shape), (dy) => [dy.alias(x.shape)]);
    return cast(same, dtype as FloatType);
  }
  const y = takeAs(total(x, runs, scale, dtype), plan.shape);
  return track([name, plan], [x], y, (dy, before) => {
    const added = runs.length === 1 ? before(x) : null;
    if (!added) return [takeAs(spread(dy, runs, scale, x.dtype), x.shape)];
    const both = reduceGradPlus(dy, runs[0], scale, added);
    added.dispose();
    return [takeAs(both, x.shape)];
  });
}

/** Sums run by run; the scale and the type of the result go with the last. */
function total(x: Tensor, runs: readonly ReduceLayout[], scale: number, dtype: DType): Tensor {
  let current = x;
  runs.forEach((layout, i) => {
    const last = i === runs.length - 1;
    const options = last ? { scale, dtype } : { dtype: "float32" as const };
    const next = reduce(current, layout, "sum", options);
    if (current !== x) current.dispose();
    current = next;
  });
  return current;
}

/** The way back: repeats run by run. */
function spread(dy: Tensor, runs: readonly ReduceLayout[], scale: number, dtype: DType): Tensor {
  let current = dy;
  runs.toReversed().forEach((layout, i) => {
    const next = reduceGrad(current, layout, i === 0 ? scale : 1, undefined, dtype);
    if (current !== dy) current.dispose();
    current = next;
  });
  return current;
}
