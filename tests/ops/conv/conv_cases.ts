import type { ConvOptions } from "../../../src/ops/conv/geometry.ts";

/** Sizes and options of one convolution: x [N, C, H, W], weight [O, C / groups, KH, KW]. */
export interface ConvCase {
  readonly x: readonly [number, number, number, number];
  readonly weight: readonly [number, number, number, number];
  readonly options?: ConvOptions;
}

/** Convolutions that all kernels know: one group, no dilation. */
export const PLAIN_CASES: Readonly<Record<string, ConvCase>> = {
  "one element": { x: [1, 1, 1, 1], weight: [1, 1, 1, 1] },
  "3x3 of odd sizes": { x: [2, 3, 9, 7], weight: [5, 3, 3, 3], options: { padding: 1 } },
  "3x3 in whole tiles": { x: [2, 5, 8, 8], weight: [16, 5, 3, 3], options: { padding: 1 } },
  "3x3 of stride 2": { x: [2, 5, 8, 8], weight: [9, 5, 3, 3], options: { stride: 2, padding: 1 } },
  "1x1 of stride 2": { x: [2, 6, 7, 7], weight: [10, 6, 1, 1], options: { stride: 2 } },
  "5x5": { x: [1, 2, 9, 9], weight: [3, 2, 5, 5], options: { padding: 2 } },
  "7x7 of stride 2": {
    x: [1, 3, 15, 15],
    weight: [9, 3, 7, 7],
    options: { stride: 2, padding: 3 },
  },
  "a tall kernel": { x: [2, 3, 6, 9], weight: [4, 3, 3, 1], options: { padding: [1, 0] } },
  "300 channels": { x: [1, 300, 6, 6], weight: [20, 300, 3, 3], options: { padding: 1 } },
};

/** Channels, rows and strides that the lanes of a vector divide in ways of their own. */
export const LANES_CASES: Readonly<Record<string, ConvCase>> = {
  "7x7 pixels": { x: [3, 24, 7, 7], weight: [20, 24, 3, 3], options: { padding: 1 } },
  "rows of 14": { x: [2, 16, 14, 14], weight: [32, 16, 3, 3], options: { padding: 1 } },
  "rows of 14 to 7": {
    x: [2, 16, 14, 14],
    weight: [16, 16, 3, 3],
    options: { stride: 2, padding: 1 },
  },
  "1x1 of stride 2 in vectors": {
    x: [2, 20, 8, 8],
    weight: [36, 20, 1, 1],
    options: { stride: 2 },
  },
  "1x1 of rows that end in a tile": { x: [2, 40, 6, 6], weight: [24, 40, 1, 1] },
  "1x1 of rows that no strip divides": { x: [2, 12, 3, 15], weight: [16, 12, 1, 1] },
  "1x1 of 49 pixels": { x: [2, 12, 7, 7], weight: [33, 12, 1, 1] },
  "stride 3 beyond the kernel": {
    x: [2, 8, 11, 10],
    weight: [8, 8, 2, 2],
    options: { stride: 3 },
  },
  "rows of the kernel one by one": {
    x: [2, 9, 7, 32],
    weight: [50, 9, 3, 3],
    options: { padding: 1 },
  },
  "rows of the kernel one by one, of stride 2": {
    x: [1, 6, 9, 32],
    weight: [64, 6, 3, 3],
    options: { stride: 2, padding: 1 },
  },
  "rows of the kernel one by one, in no vectors": {
    x: [2, 6, 11, 18],
    weight: [32, 6, 5, 5],
    options: { padding: 2 },
  },
  "odd rows in strips": { x: [3, 9, 5, 13], weight: [20, 9, 3, 3], options: { padding: 1 } },
  "rows of 28 in strips": { x: [2, 16, 5, 28], weight: [16, 16, 3, 3], options: { padding: 1 } },
  "rows of 32 in vectors of eight": {
    x: [2, 8, 5, 32],
    weight: [24, 8, 3, 3],
    options: { padding: 1 },
  },
  "rows of 28 to 14": {
    x: [2, 16, 6, 28],
    weight: [32, 16, 3, 3],
    options: { stride: 2, padding: 1 },
  },
  "rows too long for a tile": { x: [1, 4, 2, 260], weight: [4, 4, 3, 3], options: { padding: 1 } },
};

/** Convolutions for the kernels of any kind. */
export const OTHER_CASES: Readonly<Record<string, ConvCase>> = {
  "two groups": { x: [2, 6, 5, 7], weight: [4, 3, 3, 3], options: { groups: 2, padding: 1 } },
  "depthwise": { x: [3, 5, 7, 6], weight: [5, 1, 3, 3], options: { groups: 5, stride: 2 } },
  "dilation": { x: [2, 3, 9, 8], weight: [4, 3, 3, 2], options: { dilation: [2, 3], padding: 1 } },
  "two strides": { x: [1, 2, 9, 8], weight: [3, 2, 3, 3], options: { stride: [2, 3], padding: 1 } },
  "stride 5": { x: [1, 2, 11, 12], weight: [3, 2, 3, 3], options: { stride: 5 } },
  "wide padding": { x: [1, 2, 3, 2], weight: [3, 2, 2, 2], options: { padding: 3 } },
};

/** Height and width of a convolution's output. */
export function outSize({ x, weight, options = {} }: ConvCase): [number, number] {
  const [stride, padding, dilation] = settings(options);
  const size = (d: 0 | 1) =>
    Math.floor(
      (x[2 + d] + 2 * padding[d] - dilation[d] * (weight[2 + d] - 1) - 1) / stride[d],
    ) + 1;
  return [size(0), size(1)];
}

/** A convolution and its gradients in float64, by going over every product of an input and a weight. */
export function plainConv(
  convolution: ConvCase,
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  bias: ArrayLike<number>,
  dy: ArrayLike<number>,
): Record<"y" | "dx" | "dweight" | "dbias", Float64Array> {
  const { x: [images], weight: [outputs] } = convolution;
  const plane = outSize(convolution).reduce((a, b) => a * b);
  const y = Float64Array.from({ length: images * outputs * plane }, (_, i) => {
    return bias[Math.floor(i / plane) % outputs];
  });
  const dx = new Float64Array(x.length);
  const dweight = new Float64Array(weight.length);
  const dbias = new Float64Array(outputs);
  y.forEach((_, i) => dbias[Math.floor(i / plane) % outputs] += dy[i]);
  eachProduct(convolution, (at, from, tap) => {
    y[at] += x[from] * weight[tap];
    dx[from] += dy[at] * weight[tap];
    dweight[tap] += dy[at] * x[from];
  });
  return { y, dx, dweight, dbias };
}

/** Calls `visit` with the places in y, x and the weight of every product of a convolution. */
export function eachProduct(
  convolution: ConvCase,
  visit: (y: number, x: number, weight: number) => void,
): void {
  const { x: [images, inputs, height, width], weight, options = {} } = convolution;
  const [outputs, perGroup, kernelY, kernelX] = weight;
  const [stride, padding, dilation] = settings(options);
  const [outHeight, outWidth] = outSize(convolution);
  const outPerGroup = outputs / (options.groups ?? 1);
  for (let at = 0; at < images * outputs * outHeight * outWidth; at++) {
    const column = at % outWidth;
    const row = Math.floor(at / outWidth) % outHeight;
    const output = Math.floor(at / outWidth / outHeight) % outputs;
    const image = Math.floor(at / outWidth / outHeight / outputs);
    const first = Math.floor(output / outPerGroup) * perGroup;
    for (let tap = 0; tap < perGroup * kernelY * kernelX; tap++) {
      const dy = Math.floor(tap / kernelX) % kernelY;
      const input = first + Math.floor(tap / kernelX / kernelY);
      const line = row * stride[0] - padding[0] + dy * dilation[0];
      const place = column * stride[1] - padding[1] + (tap % kernelX) * dilation[1];
      if (line < 0 || line >= height || place < 0 || place >= width) continue;
      const from = ((image * inputs + input) * height + line) * width + place;
      visit(at, from, output * perGroup * kernelY * kernelX + tap);
    }
  }
}

function settings({ stride = 1, padding = 0, dilation = 1 }: ConvOptions) {
  return [stride, padding, dilation].map((value) =>
    typeof value === "number" ? [value, value] : value
  );
}
