import code from "../../../kernels/reduce/reduce_grad.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { type DType, wgslFloat } from "../../tensor/dtype.ts";
import { linearGrid } from "../grid.ts";
import type { ReduceLayout } from "./layout.ts";

const reduceGradKernel = new Kernel("reduce_grad", code);

/** What the gradients of the maximum and the variance need beside dy. */
interface ReduceGradInputs {
  /** What was reduced. */
  readonly x: Tensor;
  /** The maxima or the means. */
  readonly center: Tensor;
  /** How many elements are the maximum: the gradient is that of a maximum. */
  readonly ties?: Tensor;
}

/** The gradient of a sum plus `added`, of as many elements and the gradient's type. */
export function reduceGradPlus(
  dy: Tensor,
  layout: ReduceLayout,
  scale: number,
  added: Tensor,
): Tensor {
  return run(dy, layout, scale, undefined, added.dtype, added);
}

/**
 * The gradient [outer, count, inner] of a reduction to [outer, inner], off the tape: of a sum when
 * nothing but `dy` is given, else of a maximum or of squared distances.
 *
 * @param dtype of the gradient.
 */
export function reduceGrad(
  dy: Tensor,
  layout: ReduceLayout,
  scale: number,
  inputs?: ReduceGradInputs,
  dtype: DType = "float32",
): Tensor {
  return run(dy, layout, scale, inputs, dtype, null);
}

function run(
  dy: Tensor,
  { outer, count, inner }: ReduceLayout,
  scale: number,
  inputs: ReduceGradInputs | undefined,
  dtype: DType,
  added: Tensor | null,
): Tensor {
  const dx = Tensor.result(dy.gpu, [outer, count, inner], dtype);
  const along = inner === 1 && count % 4 === 0;
  const vector = along || inner % 4 === 0 ? 4 : 1;
  const threads = along ? outer : outer * inner / vector;
  // A CPU wants long parts, a GPU neighbouring threads that store neighbouring elements.
  const wanted = dy.gpu.software ? Math.min(Math.ceil(1024 / threads), count / 64) : count;
  const part = Math.max(along ? 4 : 1, 4 * Math.floor(count / wanted / 4));
  const splits = Math.ceil(count / part);
  dy.gpu.dispatch(reduceGradKernel, {
    bindings: {
      dx,
      dy,
      x: inputs?.x,
      center: inputs?.center,
      ties: inputs?.ties,
      added,
    },
    params: { outer, count, inner, splits, part, scale },
    values: {
      OP: inputs?.ties ? 1 : inputs ? 3 : 0,
      ADD: Number(added !== null),
      VEC: vector,
      ALONG: Number(along),
      E: wgslFloat(dtype),
      R: wgslFloat(dy.dtype),
    },
    workgroups: linearGrid(Math.ceil(threads * splits / 64)),
  });
  return dx;
}
