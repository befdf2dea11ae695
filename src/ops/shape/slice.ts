import { track } from "../../tensor/autograd.ts";
import { Tensor } from "../../tensor/core.ts";
import { formatShape, normalizeDim, numel } from "../../tensor/shape.ts";
import { indexParts } from "./index.ts";
import { padPlanes } from "./pad.ts";
import { stridedCopy } from "./strided_copy.ts";

/**
 * A copy of the elements `start` to `end` of one dimension. PyTorch: `x.narrow(dim, ...)`, `x[start:end:step]`.
 *
 * @param start first index; negative ones count from the back.
 * @param end index after the last; negative ones count from the back. Default: to the end.
 * @param step distance of the elements, 1 or more. Default 1.
 * @throws RangeError when the step is not a positive integer, or the range is empty or not inside of the dimension.
 */
export function slice(
  x: Tensor,
  dim: number,
  start: number,
  end?: number,
  step: number = 1,
): Tensor {
  const d = normalizeDim(dim, x.ndim);
  const size = x.shape[d];
  const from = start < 0 ? start + size : start;
  const to = end === undefined ? size : end < 0 ? end + size : end;
  if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || to > size || from >= to) {
    throw new RangeError(
      `slice() from ${start} to ${end ?? "the end"} of dimension ${dim} of shape ` +
        `${formatShape(x.shape)} is empty or out of range`,
    );
  }
  if (step !== 1) {
    if (!Number.isInteger(step) || step < 1) {
      throw new RangeError(`slice() with a step of ${step}: a whole number from 1 wanted`);
    }
    const whole = x.shape.map((count) => ({ start: 0, step: 1, count, gone: false }));
    const count = Math.ceil((to - from) / step);
    return indexParts(x, whole.with(d, { start: from, step, count, gone: false }));
  }
  if (from === 0 && to === size) {
    return track(["slice", { dim: d, from, to }], [x], x.alias(), (dy) => [dy]);
  }
  const inner = numel(x.shape.slice(d + 1));
  const outer = numel(x.shape.slice(0, d));
  const y = Tensor.result(x.gpu, x.shape.map((n, i) => i === d ? to - from : n), x.dtype);
  const row = (to - from) * inner;
  stridedCopy(
    x.storage,
    y.storage,
    {
      sizes: [outer, row],
      strides: [[size * inner, 1], [row, 1]],
    },
    [from * inner, 0],
    x.dtype,
  );
  return track(["slice", { dim: d, from, to }], [x], y, (dy) => [
    padPlanes(dy, [outer, row], [from * inner, (size - to) * inner, 0, 0], 0, x.shape),
  ]);
}
