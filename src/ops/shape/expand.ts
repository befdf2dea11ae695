import { track } from "../../tensor/autograd.ts";
import { Tensor } from "../../tensor/core.ts";
import {
  broadcastShapes,
  formatShape,
  sameShape,
  type Shape,
  stridesOf,
} from "../../tensor/shape.ts";
import { sumTo } from "../reduce/sum_to.ts";
import { stridedCopy } from "./strided_copy.ts";
import { broadcastStrides } from "./strided_layout.ts";

/**
 * A copy in which dimensions of size 1 are repeated. PyTorch: `x.expand(shape).contiguous()`.
 *
 * @param shape as many dimensions as `x` or more, new ones in front; -1 keeps a size.
 * @throws RangeError when `x` does not broadcast to `shape`.
 */
export function expand(x: Tensor, shape: Shape): Tensor {
  const missing = shape.length - x.ndim;
  const wanted = shape.map((n, d) => n === -1 && d >= missing ? x.shape[d - missing] : n);
  if (missing < 0 || !broadcastsTo(x.shape, wanted)) {
    throw new RangeError(
      `expand() of shape ${formatShape(x.shape)} to ${
        formatShape(shape)
      }: only sizes of 1 can grow`,
    );
  }
  const y = sameShape(x.shape, wanted) ? x.alias() : repeated(x, wanted);
  return track("expand", [x], y, (dy) => [sumTo(dy, x.shape)]);
}

function repeated(x: Tensor, shape: Shape): Tensor {
  const y = Tensor.result(x.gpu, shape, x.dtype);
  const strides = [broadcastStrides(x.shape, shape), stridesOf(shape)];
  stridedCopy(x.storage, y.storage, { sizes: shape, strides }, [0, 0], x.dtype);
  return y;
}

function broadcastsTo(from: Shape, to: Shape): boolean {
  try {
    return sameShape(broadcastShapes(from, to), to);
  } catch {
    return false;
  }
}
