import code from "../../../kernels/reduce/argmax.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { normalizeDim, numel } from "../../tensor/shape.ts";
import { traceOp } from "../../tensor/trace.ts";
import { linearGrid } from "../grid.ts";
import { requireFloat } from "../require_dtype.ts";
import { takeAs } from "../take_as.ts";
import type { ReduceLayout } from "./layout.ts";

const argmaxKernel = new Kernel("argmax", code);

const THREADS_WANTED = 1024;
const SHORTEST_PART = 256;

/**
 * Index of the largest element along a dimension, the first of equals, as int32; it has no gradient.
 * NaN is larger than every number. PyTorch: `torch.argmax(x, dim)`.
 *
 * @param x float32, any shape
 * @param dim the dimension that goes; default: the index is into all elements in row-major order.
 * @throws RangeError when the dimension is out of range, TypeError for integers.
 */
export function argmax(x: Tensor, dim?: number): Tensor {
  requireFloat("argmax", x);
  const d = dim === undefined ? null : normalizeDim(dim, x.ndim);
  const [before, after] = d === null ? [[], []] : [x.shape.slice(0, d), x.shape.slice(d + 1)];
  const count = d === null ? x.numel : x.shape[d];
  const layout = { outer: numel(before), count, inner: numel(after) };
  const y = takeAs(indices(x, layout), [...before, ...after]);
  traceOp("argmax", [x], [y], { dim: d });
  return y;
}

function indices(x: Tensor, layout: ReduceLayout): Tensor {
  const { outer, count, inner } = layout;
  const wanted = Math.min(THREADS_WANTED / (outer * inner), count / SHORTEST_PART);
  if (wanted < 2) return pass(x, layout, count);
  const best = pass(x, layout, Math.ceil(count / Math.floor(wanted)));
  const y = pass(x, layout, best.shape[1], best);
  best.dispose();
  return y;
}

/** The best of every `part` candidates: [outer, splits, inner]. */
function pass(x: Tensor, layout: ReduceLayout, part: number, candidates?: Tensor): Tensor {
  const listed = candidates ? candidates.shape[1] : layout.count;
  const splits = Math.ceil(listed / part);
  const y = Tensor.result(x.gpu, [layout.outer, splits, layout.inner], "int32");
  x.gpu.dispatch(argmaxKernel, {
    bindings: {
      x,
      y,
      candidates,
    },
    params: { ...layout, listed, splits, part },
    values: { LISTED: Number(candidates !== undefined) },
    workgroups: linearGrid(Math.ceil(y.numel / 64)),
  });
  return y;
}
