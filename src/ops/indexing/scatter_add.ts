import { track } from "../../tensor/autograd.ts";
import type { Tensor } from "../../tensor/core.ts";
import { formatShape, normalizeDim, sameShape } from "../../tensor/shape.ts";
import { requireFloat, requireIndex } from "../require_dtype.ts";
import { gatherAlong, scatterAddAlong } from "./index_along.ts";
import { requireIndices } from "./require_indices.ts";

/**
 * A copy of `x` with `y[i, index[i, j, k], k] += source[i, j, k]` for `dim` 1, added in the order of
 * the index, so that the same input gives the same bits. PyTorch: `torch.scatter_add`.
 *
 * @param index int32 or uint32 of the shape of `source`; its other dimensions are those of `x`.
 * @throws TypeError for wrong dtypes; RangeError when the shapes do not fit or an index is out of range, which `data()`
 * throws where the index was computed on the device.
 */
export function scatterAdd(x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  requireFloat("scatterAdd", x, source);
  requireIndex("scatterAdd", index);
  const d = normalizeDim(dim, x.ndim);
  const fits = sameShape(index.shape, source.shape) && index.ndim === x.ndim &&
    index.shape.every((n, i) => i === d || n === x.shape[i]);
  if (!fits) {
    throw new RangeError(
      `scatterAdd() to shape ${formatShape(x.shape)} along dimension ${dim}: index ` +
        `${formatShape(index.shape)} and source ${
          formatShape(source.shape)
        } must have one shape that ` +
        "differs in that dimension only",
    );
  }
  requireIndices(index, { use: "scatterAdd() by an index", size: x.shape[d] });
  const walk = { shape: x.shape, dim: d, index, shared: false };
  const y = scatterAddAlong(x, source, walk);
  return track("scatter_add", [x, source], y, (dy) => [
    dy,
    source.requiresGrad ? gatherAlong(dy, walk) : null,
  ]);
}
