import { track } from "../../tensor/autograd.ts";
import { Tensor } from "../../tensor/core.ts";
import { bytesOf } from "../../tensor/dtype.ts";
import type { Index, IndexRange } from "../../tensor/op_options.ts";
import { formatShape, type Shape, stridesOf } from "../../tensor/shape.ts";
import { stridedCopy } from "./strided_copy.ts";

export type { Index, IndexRange } from "../../tensor/op_options.ts";

/** Elements of one dimension. */
interface Picked {
  readonly start: number;
  readonly step: number;
  readonly count: number;
  /** Whether the dimension goes. */
  readonly gone: boolean;
}

/**
 * A copy of a part of `x`, one index for each dimension from the first; the others are taken whole. An integer takes the
 * dimension away. PyTorch: `x[i, start:end:step, :]`.
 *
 * @throws RangeError for more indices than dimensions, a position out of range, an empty range, or a step below 1.
 */
export function index(x: Tensor, ...indices: readonly Index[]): Tensor {
  if (indices.length > x.ndim) {
    throw new RangeError(
      `at() with ${indices.length} indices of shape ${formatShape(x.shape)}: one for each ` +
        `dimension at most`,
    );
  }
  return indexParts(x, x.shape.map((_, d) => picked(x.shape, d, indices[d] ?? null)));
}

/** {@linkcode index} by what is picked of every dimension. */
export function indexParts(x: Tensor, parts: readonly Picked[]): Tensor {
  const shape = parts.filter(({ gone }) => !gone).map(({ count }) => count);
  if (parts.every(({ count }, d) => count === x.shape[d])) {
    return track(["index", { parts }], [x], x.alias(shape), (dy) => [dy.alias(x.shape)]);
  }
  const strides = stridesOf(x.shape);
  const start = parts.reduce((sum, part, d) => sum + part.start * strides[d], 0);
  const sizes = parts.map(({ count }) => count);
  const steps = parts.map(({ step }, d) => step * strides[d]);
  const y = Tensor.result(x.gpu, shape, x.dtype);
  const dense = stridesOf(sizes);
  stridedCopy(x.storage, y.storage, { sizes, strides: [steps, dense] }, [start, 0], x.dtype);
  return track(["index", { parts }], [x], y, (dy) => {
    const dx = Tensor.result(x.gpu, x.shape, x.dtype);
    x.gpu.clear({ ...range(dx), size: bytesOf(dx.dtype, dx.numel) });
    stridedCopy(dy.storage, dx.storage, { sizes, strides: [dense, steps] }, [0, start], x.dtype);
    return [dx];
  });
}

function range({ storage: { buffer, offset } }: Tensor) {
  return { buffer, offset };
}

function picked(shape: Shape, d: number, index: Index): Picked {
  const size = shape[d];
  const where = `of dimension ${d} of shape ${formatShape(shape)}`;
  if (index === null) return { start: 0, step: 1, count: size, gone: false };
  if (typeof index === "number") {
    const start = index < 0 ? index + size : index;
    if (!Number.isInteger(start) || start < 0 || start >= size) {
      throw new RangeError(`at() of position ${index} ${where}: ${-size} to ${size - 1} wanted`);
    }
    return { start, step: 1, count: 1, gone: true };
  }
  if (!Array.isArray(index) || index.length > 3) {
    throw new TypeError(
      `at() of ${String(index)} ${where}: an integer, [start, end, step] or null wanted`,
    );
  }
  const [first, last, step = 1] = index as IndexRange;
  const start = clip(first ?? 0, size);
  const count = Math.ceil((clip(last ?? size, size) - start) / step);
  if (!Number.isInteger(step) || step < 1 || !Number.isInteger(start) || !(count >= 1)) {
    throw new RangeError(
      `at() of the range [${index.join(", ")}] ${where} is empty or has no step of 1 or more`,
    );
  }
  return { start, step, count, gone: false };
}

/** A bound of a range as Python takes it: counted from the back when negative, cut where it is outside. */
function clip(bound: number, size: number): number {
  return Math.min(size, Math.max(0, bound < 0 ? bound + size : bound));
}
