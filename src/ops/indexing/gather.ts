import { track } from "../../tensor/autograd.ts";
import type { Tensor } from "../../tensor/core.ts";
import { formatShape, normalizeDim } from "../../tensor/shape.ts";
import { requireIndex } from "../require_dtype.ts";
import { slice } from "../shape/slice.ts";
import { gatherAlong, scatterAddAlong } from "./index_along.ts";
import { requireIndices } from "./require_indices.ts";

/**
 * `y[i, j, k] = x[i, index[i, j, k], k]` for `dim` 1. PyTorch: `torch.gather`.
 *
 * @param index int32 or uint32 with as many dimensions as `x`, none larger than that of `x` except `dim`;
 * the result has its shape.
 * @throws TypeError when the index is not of integers; RangeError when the shapes do not fit or an index is out of range,
 * which `data()` throws where the index was computed on the device.
 */
export function gather(x: Tensor, dim: number, index: Tensor): Tensor {
  requireIndex("gather", index);
  const d = normalizeDim(dim, x.ndim);
  if (index.ndim !== x.ndim || index.shape.some((n, i) => i !== d && n > x.shape[i])) {
    throw new RangeError(
      `gather() along dimension ${dim} of shape ${formatShape(x.shape)} by an index of shape ` +
        `${formatShape(index.shape)}; apart from that dimension it must not be larger`,
    );
  }
  requireIndices(index, { use: "gather() by an index", size: x.shape[d] });
  let source = x;
  index.shape.forEach((n, i) => {
    if (i !== d && n < source.shape[i]) source = slice(source, i, 0, n);
  });
  const walk = { shape: source.shape, dim: d, index, shared: false };
  const y = gatherAlong(source, walk);
  return track(["gather", walk], [source], y, (dy) => [scatterAddAlong(null, dy, walk)]);
}
