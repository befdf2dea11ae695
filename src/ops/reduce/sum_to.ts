import type { Tensor } from "../../tensor/core.ts";
import { broadcastShapes, formatShape, sameShape, type Shape } from "../../tensor/shape.ts";
import { reshape } from "../shape/reshape.ts";
import { sum } from "./sum.ts";

/**
 * Sums `x` over the dimensions along which a tensor of `shape` is repeated to become as large as `x`:
 * the gradient of broadcasting. Returns `x` itself when nothing is repeated.
 * PyTorch: `Tensor.sum_to_size`.
 *
 * @throws RangeError when `shape` does not broadcast to the shape of `x`.
 */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  if (shape.length > x.ndim || !sameShape(broadcastShapes(x.shape, shape), x.shape)) {
    throw new RangeError(
      `sumTo(): a tensor of shape ${formatShape(shape)} does not broadcast to ` +
        `${formatShape(x.shape)}`,
    );
  }
  const missing = x.ndim - shape.length;
  const dims = x.shape.flatMap((size, d) =>
    size !== 1 && (d < missing || shape[d - missing] === 1) ? [d] : []
  );
  if (dims.length === 0) return reshape(x, shape);
  const total = sum(x, { dims, keepDims: missing === 0 });
  if (sameShape(total.shape, shape)) return total;
  const result = reshape(total, shape);
  // The result alone holds the memory now, so that it can be added to in place.
  total.dispose();
  return result;
}

/** {@linkcode sumTo} for a tensor of one's own: frees `x` unless that is the result. */
export function reduceTo(x: Tensor, shape: Shape): Tensor {
  const result = sumTo(x, shape);
  if (result !== x) x.dispose();
  return result;
}
