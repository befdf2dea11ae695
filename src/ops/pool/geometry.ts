import { formatShape, type Shape } from "../../tensor/shape.ts";

/** Options of the pooling ops; numbers, or `[vertical, horizontal]`. */
export interface PoolOptions {
  /** Size of the windows. */
  kernelSize: number | readonly [number, number];
  /** Default: the window's size. */
  stride?: number | readonly [number, number];
  /** Border added on each side, at most half a window. Default 0. */
  padding?: number | readonly [number, number];
}

/** All sizes of one pooling, named as the kernels' parameters. */
export interface PoolGeometry {
  /** N * C. */
  readonly planes: number;
  readonly height: number;
  readonly width: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly kernelY: number;
  readonly kernelX: number;
  readonly strideY: number;
  readonly strideX: number;
  readonly padY: number;
  readonly padX: number;
}

/**
 * Sizes of a pooling of `shape` [N, C, H, W]; windows that do not fit whole are left out.
 *
 * @throws RangeError when the options make no sense for the shape.
 */
export function poolGeometry(op: string, shape: Shape, options: PoolOptions): PoolGeometry {
  const [height, width] = planeSize(op, shape);
  const [kernelY, kernelX] = pair(options.kernelSize);
  const [strideY, strideX] = pair(options.stride ?? options.kernelSize);
  const [padY, padX] = pair(options.padding ?? 0);
  const whole = [kernelY, kernelX, strideY, strideX].every((n) => Number.isInteger(n) && n >= 1) &&
    [padY, padX].every((n) => Number.isInteger(n) && n >= 0);
  if (!whole || 2 * padY > kernelY || 2 * padX > kernelX) {
    throw new RangeError(
      `${op}() with kernel [${kernelY}, ${kernelX}], stride [${strideY}, ${strideX}] and padding ` +
        `[${padY}, ${padX}]: integers wanted, the padding at most half the kernel`,
    );
  }
  const outHeight = Math.floor((height + 2 * padY - kernelY) / strideY) + 1;
  const outWidth = Math.floor((width + 2 * padX - kernelX) / strideX) + 1;
  if (outHeight < 1 || outWidth < 1) {
    throw new RangeError(
      `${op}(): a ${kernelY} x ${kernelX} window is larger than the padded ${formatShape(shape)}`,
    );
  }
  return {
    ...{ planes: shape[0] * shape[1], height, width, outHeight, outWidth },
    ...{ kernelY, kernelX, strideY, strideX, padY, padX },
  };
}

/**
 * [H, W] of [N, C, H, W].
 *
 * @throws RangeError for another number of dimensions.
 */
export function planeSize(op: string, shape: Shape): [number, number] {
  if (shape.length !== 4) {
    throw new RangeError(`${op}() of shape ${formatShape(shape)}: [N, C, H, W] wanted`);
  }
  return [shape[2], shape[3]];
}

/** A number for both directions, or one for each. */
export function pair(value: number | readonly [number, number]): readonly [number, number] {
  return typeof value === "number" ? [value, value] : value;
}

/** Workgroups of a pooling kernel: 8 x 2 x 4 threads for the elements of `planes` planes. */
export function poolGrid(planes: number, height: number, width: number): [number, number, number] {
  return [Math.ceil(width / 8), Math.ceil(height / 2), Math.min(65535, Math.ceil(planes / 4))];
}
