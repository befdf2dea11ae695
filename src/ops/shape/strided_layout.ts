import { formatShape, type Shape, stridesOf } from "../../tensor/shape.ts";

/** Dimensions to walk through and, for every operand, how far a step along each goes. */
export interface StridedLayout {
  readonly sizes: readonly number[];
  /** Strides in elements, one list for each operand; 0 where it is repeated. */
  readonly strides: readonly (readonly number[])[];
}

const MAX_RANK = 6;

/**
 * The same walk with as few dimensions as possible (at least one): sizes of 1 are dropped, and
 * neighbours that all operands walk through without a jump become one.
 *
 * @throws RangeError when more than six dimensions are left.
 */
export function collapse(layout: StridedLayout): StridedLayout {
  const sizes: number[] = [];
  const strides: number[][] = layout.strides.map(() => []);
  layout.sizes.forEach((size, d) => {
    if (size === 1) return;
    const last = sizes.length - 1;
    const joins = last >= 0 &&
      strides.every((own, operand) => own[last] === layout.strides[operand][d] * size);
    if (joins) {
      sizes[last] *= size;
      strides.forEach((own, operand) => own[last] = layout.strides[operand][d]);
    } else {
      sizes.push(size);
      strides.forEach((own, operand) => own.push(layout.strides[operand][d]));
    }
  });
  if (sizes.length > MAX_RANK) {
    throw new RangeError(
      `shape ${formatShape(layout.sizes)} takes a walk of ${sizes.length} dimensions; ` +
        `${MAX_RANK} are possible, reshape() to fewer`,
    );
  }
  if (sizes.length === 0) return { sizes: [1], strides: strides.map(() => [1]) };
  return { sizes, strides };
}

/** Strides of a dense tensor of `shape` when it is repeated to the shape `target`. */
export function broadcastStrides(shape: Shape, target: Shape): number[] {
  const strides = stridesOf(shape);
  const missing = target.length - shape.length;
  return target.map((_, d) => d < missing || shape[d - missing] === 1 ? 0 : strides[d - missing]);
}

/** Kernel parameters `n0, n1 ...` for the sizes and, for each operand, its name and the dimension. */
export function layoutParams(
  layout: StridedLayout,
  names: readonly string[],
): Record<string, number> {
  const params: Record<string, number> = {};
  layout.sizes.forEach((size, d) => {
    params[`n${d}`] = size;
    names.forEach((name, operand) => params[`${name}${d}`] = layout.strides[operand][d]);
  });
  return params;
}
