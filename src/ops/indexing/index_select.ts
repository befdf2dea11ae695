import { track } from "../../tensor/autograd.ts";
import type { Tensor } from "../../tensor/core.ts";
import { formatShape, normalizeDim } from "../../tensor/shape.ts";
import { requireIndex } from "../require_dtype.ts";
import { gatherAlong, scatterAddAlong } from "./index_along.ts";
import { requireIndices } from "./require_indices.ts";

/**
 * The entries of one dimension that `index` names, in its order. PyTorch: `torch.index_select`.
 *
 * @param index int32 or uint32 of one dimension.
 * @throws TypeError when the index is not of integers; RangeError when it is not of one dimension or out of range, which
 * `data()` throws where the index was computed on the device.
 */
export function indexSelect(x: Tensor, dim: number, index: Tensor): Tensor {
  requireIndex("indexSelect", index);
  if (index.ndim !== 1) {
    throw new RangeError(
      `indexSelect() by an index of shape ${formatShape(index.shape)}; one dimension is wanted`,
    );
  }
  const d = normalizeDim(dim, x.ndim);
  requireIndices(index, { use: "indexSelect() by an index", size: x.shape[d] });
  const walk = { shape: x.shape, dim: d, index, shared: true };
  const y = gatherAlong(x, walk);
  return track(["index_select", walk], [x], y, (dy) => [scatterAddAlong(null, dy, walk)]);
}
