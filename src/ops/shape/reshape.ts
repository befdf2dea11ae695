import { track } from "../../tensor/autograd.ts";
import type { Tensor } from "../../tensor/core.ts";
import { inferShape, normalizeDim, type Shape } from "../../tensor/shape.ts";

/**
 * The same memory seen with another shape; nothing is copied. PyTorch: `torch.reshape`.
 *
 * @param shape one size may be -1: it becomes what is left.
 * @throws RangeError when the number of elements differs.
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const y = x.alias(inferShape(shape, x.numel));
  return track("reshape", [x], y, (dy) => [dy.alias(x.shape)]);
}

/**
 * The same memory without dimensions of size 1: all of them, or those of `dims` that have it. PyTorch: `torch.squeeze`.
 *
 * @throws RangeError for a dimension out of range.
 */
export function squeeze(x: Tensor, dims?: number | readonly number[]): Tensor {
  const given = dims === undefined ? x.shape.map((_, d) => d) : [dims].flat();
  const gone = new Set(given.map((d) => normalizeDim(d, x.ndim)));
  return reshape(x, x.shape.filter((size, d) => size !== 1 || !gone.has(d)));
}

/**
 * The same memory with a dimension of size 1 more, before `dim`. PyTorch: `torch.unsqueeze`.
 *
 * @param dim negative ones count from behind the last.
 * @throws RangeError when it is out of range.
 */
export function unsqueeze(x: Tensor, dim: number): Tensor {
  return reshape(x, x.shape.toSpliced(normalizeDim(dim, x.ndim + 1), 0, 1));
}
