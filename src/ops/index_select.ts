import { track } from "../tensor/autograd.ts";
import { formatShape, normalizeDim } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { gatherAlong, scatterAddAlong } from "./index_along.ts";
import { requireIndex } from "./require_dtype.ts";

/**
 * The entries of one dimension that `index` names, in its order. PyTorch: `torch.index_select`.
 *
 * @param index int32 or uint32 of one dimension. Indices out of range give NaN (0 for integers).
 * @throws TypeError when the index is not of integers; RangeError when it is not of one dimension.
 */
export function indexSelect(x: Tensor, dim: number, index: Tensor): Tensor {
  requireIndex("indexSelect", index);
  if (index.ndim !== 1) {
    throw new RangeError(
      `indexSelect() by an index of shape ${formatShape(index.shape)}; one dimension is wanted`,
    );
  }
  const walk = { shape: x.shape, dim: normalizeDim(dim, x.ndim), index, shared: true };
  const y = gatherAlong(x, walk);
  return track("index_select", [x], y, (dy) => [scatterAddAlong(null, dy, walk)]);
}
