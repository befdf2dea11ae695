import type { Gpu } from "../../gpu/gpu.ts";
import type { OptionNames } from "../../options.ts";
import { formatShape, type Shape } from "../../tensor/shape.ts";

/** Options of the pooling ops; numbers, or `[vertical, horizontal]`. */
export interface PoolOptions {
  /** Size of the windows. */
  kernelSize: number | readonly [number, number];
  /** Default: the window's size. */
  stride?: number | readonly [number, number];
  /** Border added on each side, at most half a window. Default 0. */
  padding?: number | readonly [number, number];
  /**
   * Whether a last window that does not fit whole is taken too, if it starts before the end of the padded plane; it does
   * not count what lies past the padding. Default false.
   */
  ceilMode?: boolean;
}

/** Names of {@linkcode PoolOptions}, for `checkOptions`. */
export const POOL_OPTIONS: OptionNames<PoolOptions> = {
  ...{ kernelSize: true, stride: true, padding: true, ceilMode: true },
};

/** All sizes of one pooling, named as the kernels' parameters. */
export interface PoolGeometry {
  /** N * C. */
  readonly planes: number;
  /** H of the input. */
  readonly height: number;
  /** W of the input. */
  readonly width: number;
  /** H of the result. */
  readonly outHeight: number;
  /** W of the result. */
  readonly outWidth: number;
  /** Vertical size of a window. */
  readonly kernelY: number;
  /** Horizontal size of a window. */
  readonly kernelX: number;
  /** Vertical distance of the windows. */
  readonly strideY: number;
  /** Horizontal distance of the windows. */
  readonly strideX: number;
  /** Border above and below. */
  readonly padY: number;
  /** Border left and right. */
  readonly padX: number;
  /** Most windows below each other that hold the same element. */
  readonly reachY: number;
  /** Most windows beside each other that hold the same element. */
  readonly reachX: number;
}

/**
 * Sizes of a pooling of `shape` [N, C, H, W]; windows that do not fit whole are left out unless `ceilMode` is set.
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
  const ceil = options.ceilMode ?? false;
  const outHeight = windows(height, kernelY, strideY, padY, ceil);
  const outWidth = windows(width, kernelX, strideX, padX, ceil);
  if (outHeight < 1 || outWidth < 1) {
    throw new RangeError(
      `${op}(): a ${kernelY} x ${kernelX} window is larger than the padded ${formatShape(shape)}`,
    );
  }
  return {
    ...{ planes: shape[0] * shape[1], height, width, outHeight, outWidth },
    ...{ kernelY, kernelX, strideY, strideX, padY, padX },
    reachY: Math.ceil(kernelY / strideY),
    reachX: Math.ceil(kernelX / strideX),
  };
}

/** How many windows there are along a side. */
function windows(size: number, kernel: number, stride: number, pad: number, ceil: boolean): number {
  const room = (size + 2 * pad - kernel) / stride;
  if (!ceil) return Math.floor(room) + 1;
  const most = Math.ceil(room);
  // The last one starts in the plane or in the padding before it.
  return most * stride >= size + pad ? most : most + 1;
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

/**
 * Workgroups of a pooling kernel: 8 x 2 x 4 threads for the elements of `planes` planes. A CPU spends
 * half a microsecond on a workgroup, so there each takes several planes.
 */
export function poolGrid(
  gpu: Gpu,
  planes: number,
  height: number,
  width: number,
): [number, number, number] {
  const [x, y] = [Math.ceil(width / 8), Math.ceil(height / 2)];
  const most = gpu.software ? Math.ceil(1024 / (x * y)) : 65535;
  return [x, y, Math.min(most, Math.ceil(planes / 4))];
}

/**
 * Loop bounds as template values of the pooling kernels: constants, which the compiler unrolls, unless
 * the windows are large.
 */
export function loopBounds(g: Omit<PoolGeometry, "planes">): Record<string, string> {
  const bound = (name: keyof typeof g, unrolled: boolean) =>
    unrolled ? `${g[name]}u` : `params.${name}`;
  const window = g.kernelY * g.kernelX <= 64;
  const reach = g.reachY * g.reachX <= 64;
  return {
    KY: bound("kernelY", window),
    KX: bound("kernelX", window),
    RY: bound("reachY", reach),
    RX: bound("reachX", reach),
  };
}
