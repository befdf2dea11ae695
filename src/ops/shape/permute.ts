import transposeCode from "../../../kernels/index/transpose.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { track } from "../../tensor/autograd.ts";
import { Tensor } from "../../tensor/core.ts";
import { wordType } from "../../tensor/dtype.ts";
import { formatShape, normalizeDim, type Shape, stridesOf } from "../../tensor/shape.ts";
import { linearGrid } from "../grid.ts";
import { stridedCopy } from "./strided_copy.ts";
import { collapse } from "./strided_layout.ts";

const transposeKernel = new Kernel("transpose", transposeCode);

/**
 * A copy with the dimensions in another order: dimension `i` of the result is `dims[i]` of `x`.
 * PyTorch: `torch.permute(x, dims).contiguous()`.
 *
 * @throws RangeError when `dims` does not name every dimension once.
 */
export function permute(x: Tensor, dims: Shape): Tensor {
  const order = dims.map((dim) => normalizeDim(dim, x.ndim));
  if (order.length !== x.ndim || new Set(order).size !== x.ndim) {
    throw new RangeError(
      `permute() of ${x.ndim} dimensions by ${formatShape(dims)}: each must be named once`,
    );
  }
  const inverse = order.map((_, d) => order.indexOf(d));
  return track(["permute", { order }], [x], reordered(x, order), (dy) => [reordered(dy, inverse)]);
}

function reordered(x: Tensor, order: readonly number[]): Tensor {
  const from = stridesOf(x.shape);
  const shape = order.map((d) => x.shape[d]);
  const walk = collapse({ sizes: shape, strides: [order.map((d) => from[d]), stridesOf(shape)] });
  // A single run from end to end: the order of elements does not change.
  if (walk.sizes.length === 1) return x.alias(shape);
  const y = Tensor.result(x.gpu, shape, x.dtype);
  if (!transposed(x, y, walk.sizes, walk.strides[0])) {
    stridedCopy(x.storage, y.storage, walk, [0, 0], x.dtype);
  }
  return y;
}

/** Runs the kernel for matrices, perhaps many, when the walk is one and the sizes allow it. */
function transposed(x: Tensor, y: Tensor, sizes: Shape, strides: readonly number[]): boolean {
  const [columns, rows] = sizes.slice(-2);
  const [along, across] = strides.slice(-2);
  const plain = along === 1 && across === columns && rows % 4 === 0 && columns % 4 === 0;
  if (!plain || sizes.length > 3 || (sizes.length === 3 && strides[0] !== rows * columns)) {
    return false;
  }
  const tiles = x.numel / 16;
  x.gpu.dispatch(transposeKernel, {
    bindings: { x, y },
    params: { rows: rows / 4, columns: columns / 4, tiles },
    values: { T: wordType(x.dtype, 4) },
    workgroups: linearGrid(Math.ceil(tiles / 64)),
  });
  return true;
}
