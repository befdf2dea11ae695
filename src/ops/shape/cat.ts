import { track } from "../../tensor/autograd.ts";
import { Tensor } from "../../tensor/core.ts";
import { formatShape, normalizeDim, numel, sameShape } from "../../tensor/shape.ts";
import { unsqueeze } from "./reshape.ts";
import { stridedCopy } from "./strided_copy.ts";

/**
 * Tensors one after the other along a dimension. PyTorch: `torch.cat`.
 *
 * @param tensors at least one, of one dtype and of shapes that differ in `dim` only.
 * @param dim default 0.
 * @throws RangeError when there is none or the shapes do not fit; TypeError when the dtypes differ.
 */
export function cat(tensors: readonly Tensor[], dim: number = 0): Tensor {
  if (tensors.length === 0) throw new RangeError("cat() wants at least one tensor");
  const [first] = tensors;
  const d = normalizeDim(dim, first.ndim);
  for (const x of tensors) requireFit(first, x, d);
  const outer = numel(first.shape.slice(0, d));
  const inner = numel(first.shape.slice(d + 1));
  const total = tensors.reduce((n, x) => n + x.shape[d], 0);
  const shape = first.shape.map((n, i) => i === d ? total : n);
  const y = Tensor.result(first.gpu, shape, first.dtype);
  const width = total * inner;
  let start = 0;
  const parts = tensors.map((x) => {
    const part = { row: x.shape[d] * inner, start };
    start += part.row;
    return part;
  });
  tensors.forEach((x, i) => {
    const { row, start } = parts[i];
    const strides = [[row, 1], [width, 1]];
    stridedCopy(x.storage, y.storage, { sizes: [outer, row], strides }, [0, start], x.dtype);
  });
  return track(["cat", { dim: d }], tensors, y, (dy) =>
    tensors.map((x, i) => {
      if (!x.requiresGrad) return null;
      const { row, start } = parts[i];
      const dx = Tensor.result(x.gpu, x.shape, x.dtype);
      const strides = [[width, 1], [row, 1]];
      stridedCopy(dy.storage, dx.storage, { sizes: [outer, row], strides }, [start, 0], x.dtype);
      return dx;
    }));
}

function requireFit(first: Tensor, x: Tensor, d: number): void {
  if (x.dtype !== first.dtype) {
    throw new TypeError(`cat() of ${first.dtype} and ${x.dtype}; the dtypes must be the same`);
  }
  if (x.ndim !== first.ndim || x.shape.some((n, i) => i !== d && n !== first.shape[i])) {
    throw new RangeError(
      `cat() of shapes ${formatShape(first.shape)} and ${formatShape(x.shape)} along dimension ` +
        `${d}; the other dimensions must be the same`,
    );
  }
}

/**
 * Tensors of one shape along a new dimension. PyTorch: `torch.stack`.
 *
 * @param dim where the new dimension goes; negative ones count from behind the last. Default 0.
 * @throws RangeError when there is none or the shapes differ; TypeError when the dtypes differ.
 */
export function stack(tensors: readonly Tensor[], dim: number = 0): Tensor {
  if (tensors.length === 0) throw new RangeError("stack() wants at least one tensor");
  const [first] = tensors;
  const other = tensors.find(({ shape }) => !sameShape(shape, first.shape));
  if (other) {
    throw new RangeError(
      `stack() of shapes ${formatShape(first.shape)} and ${formatShape(other.shape)}: one wanted`,
    );
  }
  const d = normalizeDim(dim, first.ndim + 1);
  return cat(tensors.map((each) => unsqueeze(each, d)), d);
}
