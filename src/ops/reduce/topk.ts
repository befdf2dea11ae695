import code from "../../../kernels/reduce/top_k.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { track } from "../../tensor/autograd.ts";
import { Tensor, type TopK } from "../../tensor/core.ts";
import type { TopKOptions } from "../../tensor/op_options.ts";
import { checkOptions } from "../../options.ts";
import { formatShape, normalizeDim, numel } from "../../tensor/shape.ts";
import { traceOp } from "../../tensor/trace.ts";
import { linearGrid } from "../grid.ts";
import { gatherAlong, scatterAddAlong } from "../indexing/index_along.ts";
import { requireFloat } from "../require_dtype.ts";

export type { TopK } from "../../tensor/core.ts";

export type { TopKOptions } from "../../tensor/op_options.ts";

const topKKernel = new Kernel("top_k", code);

/**
 * The `k` largest elements along a dimension in their order; of equal ones the first comes first, and NaN is larger than
 * every number. It takes `k` passes over the dimension. PyTorch: `torch.topk`.
 *
 * @param x float32 of one dimension or more
 * @throws RangeError when `k` is not 1 to the size of the dimension, TypeError for integers.
 */
export function topk(x: Tensor, k: number, options: TopKOptions = {}): TopK {
  checkOptions<TopKOptions>("topk()", options, { dim: true, largest: true });
  requireFloat("topk", x);
  const { dim = -1, largest = true } = options;
  const d = normalizeDim(dim, x.ndim);
  const count = x.shape[d];
  if (!Number.isInteger(k) || k < 1 || k > count) {
    throw new RangeError(
      `topk() of ${k} along dimension ${dim} of shape ${
        formatShape(x.shape)
      }: 1 to ${count} wanted`,
    );
  }
  const [outer, inner] = [numel(x.shape.slice(0, d)), numel(x.shape.slice(d + 1))];
  const indices = Tensor.result(x.gpu, x.shape.with(d, k), "int32");
  x.gpu.dispatch(topKKernel, {
    bindings: { x, y: indices },
    params: { outer, count, inner, k },
    values: { LARGEST: Number(largest) },
    workgroups: linearGrid(Math.ceil(outer * inner / 64)),
  });
  const walk = { shape: x.shape, dim: d, index: indices, shared: false };
  const values = gatherAlong(x, walk);
  traceOp("topk", [x], [values, indices], { k, dim: d, largest });
  track("topk", [x], values, (dy) => [scatterAddAlong(null, dy, walk)]);
  return { values, indices };
}
