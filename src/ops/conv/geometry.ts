import type { OptionNames } from "../../options.ts";
import { formatShape, type Shape } from "../../tensor/shape.ts";

/** Options of a convolution; numbers, or `[vertical, horizontal]`. */
export interface ConvOptions {
  /** Default 1. */
  stride?: number | readonly [number, number];
  /** Zeros added on each side. Default 0. */
  padding?: number | readonly [number, number];
  /** Default 1. */
  dilation?: number | readonly [number, number];
  /** Default 1. */
  groups?: number;
}

/** Names of {@linkcode ConvOptions}, for `checkOptions`. */
export const CONV_OPTIONS: OptionNames<ConvOptions> = {
  ...{ stride: true, padding: true, dilation: true, groups: true },
};

/** All sizes of one convolution; `in` is the side with more pixels when the stride is above 1. */
export interface ConvGeometry {
  readonly images: number;
  readonly inChannels: number;
  readonly outChannels: number;
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
  readonly dilationY: number;
  readonly dilationX: number;
  readonly groups: number;
}

/**
 * Sizes of `conv2d(input, weight)`.
 *
 * @throws RangeError when the shapes do not fit each other.
 */
export function convGeometry(input: Shape, weight: Shape, options: ConvOptions): ConvGeometry {
  const sizes = pairs(options);
  const { groups } = sizes;
  checkRanks(input, weight);
  const [images, inChannels, height, width] = input;
  const [outChannels, perGroup, kernelY, kernelX] = weight;
  if (perGroup * groups !== inChannels || outChannels % groups !== 0) {
    throw new RangeError(
      `input ${formatShape(input)} and weight ${formatShape(weight)} do not fit with ` +
        `${groups} groups: ${perGroup * groups} input channels wanted`,
    );
  }
  const out = (size: number, kernel: number, stride: number, pad: number, dilation: number) =>
    Math.floor((size + 2 * pad - dilation * (kernel - 1) - 1) / stride) + 1;
  const outHeight = out(height, kernelY, sizes.strideY, sizes.padY, sizes.dilationY);
  const outWidth = out(width, kernelX, sizes.strideX, sizes.padX, sizes.dilationX);
  if (outHeight < 1 || outWidth < 1) {
    throw new RangeError(
      `a ${kernelY} x ${kernelX} kernel is larger than the padded input ${formatShape(input)}`,
    );
  }
  return {
    images,
    inChannels,
    outChannels,
    height,
    width,
    outHeight,
    outWidth,
    kernelY,
    kernelX,
    ...sizes,
  };
}

/**
 * Sizes of the convolution whose input gradient is `convTranspose2d(input, weight)`: its output is
 * the transposed convolution's input.
 *
 * @throws RangeError when the shapes do not fit each other.
 */
export function convTransposeGeometry(
  input: Shape,
  weight: Shape,
  options: ConvOptions & { outputPadding?: number | readonly [number, number] },
): ConvGeometry {
  const sizes = pairs(options);
  const { groups } = sizes;
  const [extraY, extraX] = pair(options.outputPadding ?? 0, "outputPadding", 0);
  checkRanks(input, weight);
  const [images, outChannels, outHeight, outWidth] = input;
  const [weightIn, perGroup, kernelY, kernelX] = weight;
  if (weightIn !== outChannels || outChannels % groups !== 0) {
    throw new RangeError(
      `input ${formatShape(input)} and weight ${formatShape(weight)} do not fit with ` +
        `${groups} groups: ${weightIn} input channels wanted`,
    );
  }
  const { strideY, strideX, dilationY, dilationX } = sizes;
  if (extraY >= Math.max(strideY, dilationY) || extraX >= Math.max(strideX, dilationX)) {
    throw new RangeError(
      `outputPadding [${extraY}, ${extraX}] with stride [${strideY}, ${strideX}] and dilation ` +
        `[${dilationY}, ${dilationX}]: it must be smaller than one of the two`,
    );
  }
  const grown = (size: number, kernel: number, stride: number, pad: number, dilation: number) =>
    (size - 1) * stride - 2 * pad + dilation * (kernel - 1) + 1;
  const height = grown(outHeight, kernelY, sizes.strideY, sizes.padY, sizes.dilationY) + extraY;
  const width = grown(outWidth, kernelX, sizes.strideX, sizes.padX, sizes.dilationX) + extraX;
  const inChannels = perGroup * groups;
  return {
    images,
    inChannels,
    outChannels,
    height,
    width,
    outHeight,
    outWidth,
    kernelY,
    kernelX,
    ...sizes,
  };
}

/** Shape of the weight of a convolution. */
export function weightShape(g: ConvGeometry): [number, number, number, number] {
  return [g.outChannels, g.inChannels / g.groups, g.kernelY, g.kernelX];
}

/** All of a geometry in short, for the key of a choice that was measured. */
export function convWords(g: ConvGeometry): string[] {
  return [
    `${g.images}x${g.inChannels}x${g.height}x${g.width}`,
    `${g.outChannels}x${g.inChannels / g.groups}x${g.kernelY}x${g.kernelX}`,
    `stride ${g.strideY} ${g.strideX} pad ${g.padY} ${g.padX}`,
  ];
}

/** The convolution with turned weights that makes the input gradient of one with stride 1. */
export function turnedGeometry(g: ConvGeometry): ConvGeometry {
  return {
    ...g,
    inChannels: g.outChannels,
    outChannels: g.inChannels,
    height: g.outHeight,
    width: g.outWidth,
    outHeight: g.height,
    outWidth: g.width,
    padY: g.kernelY - 1 - g.padY,
    padX: g.kernelX - 1 - g.padX,
  };
}

/** Whether the kernels other than the generic know this convolution: no dilation, one stride. */
export function isPlain(g: ConvGeometry): boolean {
  return g.dilationY === 1 && g.dilationX === 1 && g.strideY === g.strideX && g.strideY <= 4 &&
    g.kernelY * g.kernelX <= 49 && g.padY < g.kernelY && g.padX < g.kernelX;
}

/** Whether every group has one input and one output channel. */
export function isDepthwise(g: ConvGeometry): boolean {
  return isPlain(g) && g.groups === g.inChannels && g.groups === g.outChannels;
}

/** Whether it is a product of channels at each pixel. */
export function isPointwise(g: ConvGeometry): boolean {
  return isPlain(g) && g.kernelY * g.kernelX === 1 && g.strideY === 1;
}

function checkRanks(input: Shape, weight: Shape): void {
  if (input.length !== 4 || weight.length !== 4) {
    throw new RangeError(
      `a convolution wants [N, C, H, W] and a weight of 4 dimensions, not ` +
        `${formatShape(input)} and ${formatShape(weight)}`,
    );
  }
}

function pairs(options: ConvOptions) {
  const [strideY, strideX] = pair(options.stride ?? 1, "stride", 1);
  const [padY, padX] = pair(options.padding ?? 0, "padding", 0);
  const [dilationY, dilationX] = pair(options.dilation ?? 1, "dilation", 1);
  const [groups] = pair(options.groups ?? 1, "groups", 1);
  return { strideY, strideX, padY, padX, dilationY, dilationX, groups };
}

function pair(
  value: number | readonly [number, number],
  name: string,
  least: number,
): readonly [number, number] {
  const both = typeof value === "number" ? [value, value] as const : value;
  if (!both.every((v) => Number.isInteger(v) && v >= least)) {
    throw new RangeError(`${name} ${value} must be an integer of ${least} or more`);
  }
  return both;
}
