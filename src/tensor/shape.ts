/** Sizes of a tensor's dimensions. */
export type Shape = readonly number[];

/** Number of elements. */
export function numel(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** `[2, 3, 4]`, for messages. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** Whether two shapes are the same. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

/**
 * The shape two shapes broadcast to, by NumPy's rule.
 *
 * @throws RangeError when they do not.
 */
export function broadcastShapes(a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new RangeError(`shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast`);
    }
    return x === 1 ? y : x;
  });
}

/**
 * A dimension counted from the front; negative ones count from the back.
 *
 * @throws RangeError when it is out of range.
 */
export function normalizeDim(dim: number, rank: number): number {
  if (!Number.isInteger(dim) || dim < -rank || dim >= rank) {
    throw new RangeError(`dimension ${dim} is out of range for a tensor of ${rank} dimensions`);
  }
  return dim < 0 ? dim + rank : dim;
}

/**
 * Replaces one -1 in `shape` so that it has `count` elements.
 *
 * @throws RangeError when no shape fits.
 */
export function inferShape(shape: Shape, count: number): number[] {
  const known = shape.filter((size) => size !== -1);
  const missing = shape.length - known.length;
  const result = missing === 1
    ? shape.map((size) => size === -1 ? count / numel(known) : size)
    : [...shape];
  if (missing > 1 || numel(result) !== count || !result.every(Number.isInteger)) {
    throw new RangeError(`${count} elements do not fit shape ${formatShape(shape)}`);
  }
  return result;
}

/**
 * Checks that every size is a positive integer.
 *
 * @throws RangeError otherwise; empty tensors are refused.
 */
export function checkShape(shape: Shape): void {
  if (!shape.every((size) => Number.isInteger(size) && size >= 1)) {
    throw new RangeError(
      `shape ${formatShape(shape)} is empty or not made of integers; sizes must be 1 or more`,
    );
  }
}
