import { track } from "../../tensor/autograd.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { requireFloat } from "../require_dtype.ts";
import { takeAs } from "../take_as.ts";
import { type ReduceLayout, type ReducePlan, reduceRuns } from "./layout.ts";
import { reduce } from "./reduce.ts";
import { reduceGrad } from "./reduce_grad.ts";

/** `scale * sum` over the dimensions of a plan, on the tape under `name`. */
export function scaledSum(name: string, x: Tensor, plan: ReducePlan, scale: number): Tensor {
  requireFloat(name, x);
  const runs = reduceRuns(x.shape, plan.dims);
  if (runs.length === 0) {
    return track(name, [x], x.alias(plan.shape), (dy) => [dy.alias(x.shape)]);
  }
  const y = takeAs(total(x, runs, scale), plan.shape);
  return track(name, [x], y, (dy) => [takeAs(spread(dy, runs, scale), x.shape)]);
}

/** Sums run by run; the scale goes with the last. */
function total(x: Tensor, runs: readonly ReduceLayout[], scale: number): Tensor {
  let current = x;
  runs.forEach((layout, i) => {
    const next = reduce(current, layout, "sum", { scale: i === runs.length - 1 ? scale : 1 });
    if (current !== x) current.dispose();
    current = next;
  });
  return current;
}

/** The way back: repeats run by run. */
function spread(dy: Tensor, runs: readonly ReduceLayout[], scale: number): Tensor {
  let current = dy;
  runs.toReversed().forEach((layout, i) => {
    const next = reduceGrad(current, layout, i === 0 ? scale : 1);
    if (current !== dy) current.dispose();
    current = next;
  });
  return current;
}
