/** Conversions of luma and two colour differences to red, green and blue, each with its library's rounding. */

/** The product of a factor and each colour difference, in units of 1 / 64. */
function pillowTable(factor: number): Int32Array {
  return Int32Array.from({ length: 256 }, (_, i) => Math.trunc(factor * 64 * (i - 128) + 0.5));
}

/** Pillow's conversion of its mode YCbCr. Writes over its argument. */
export function pillowYcc(ycc: Uint8Array): Uint8Array {
  const [red, blue] = [pillowTable(1.402), pillowTable(1.772)];
  const [greenCb, greenCr] = [pillowTable(-0.34414), pillowTable(-0.71414)];
  const pixel = new Uint8ClampedArray(3);
  for (let at = 0; at < ycc.length; at += 3) {
    const [y, cb, cr] = [ycc[at], ycc[at + 1], ycc[at + 2]];
    pixel[0] = y + (red[cr] >> 6);
    pixel[1] = y + ((greenCb[cb] + greenCr[cr]) >> 6);
    pixel[2] = y + (blue[cb] >> 6);
    ycc.set(pixel, at);
  }
  return ycc;
}

const SHIFT = 16;
const HALF = 1 << (SHIFT - 1);

function fixed(factor: number): number {
  return Math.trunc(Math.fround(factor) * 2 ** SHIFT + 0.5);
}

/** A number as its share of what lies between black and white. */
function between(value: number, black: number, white: number, range: number): number {
  return Math.trunc((value - black) * range / (white - black || 1));
}

/**
 * libtiff's conversion, with the weights of ITU-R BT.601. Writes over its argument.
 *
 * @param blackWhite what is black and white of Y, Cb and Cr
 */
export function libtiffYcc(ycc: Uint8Array, blackWhite: readonly number[]): Uint8Array {
  const [red, green, blue] = [0.299, 0.587, 0.114];
  const numbers = Array.from({ length: 256 }, (_, i) => i);
  const differences = (black: number, white: number) =>
    numbers.map((i) => between(i - 128, black - 128, white - 128, 127));
  const luma = numbers.map((i) => between(i, blackWhite[0], blackWhite[1], 255));
  const blueness = differences(blackWhite[2], blackWhite[3]);
  const redness = differences(blackWhite[4], blackWhite[5]);
  const [toRed, toBlue] = [fixed(2 - 2 * red), fixed(2 - 2 * blue)];
  const fromRed = -fixed(red * (2 - 2 * red) / green);
  const fromBlue = -fixed(blue * (2 - 2 * blue) / green);
  const pixel = new Uint8ClampedArray(3);
  for (let at = 0; at < ycc.length; at += 3) {
    const y = luma[ycc[at]];
    const [cb, cr] = [blueness[ycc[at + 1]], redness[ycc[at + 2]]];
    pixel[0] = y + ((toRed * cr + HALF) >> SHIFT);
    pixel[1] = y + ((fromBlue * cb + HALF + fromRed * cr) >> SHIFT);
    pixel[2] = y + ((toBlue * cb + HALF) >> SHIFT);
    ycc.set(pixel, at);
  }
  return ycc;
}

/** How a part of a TIFF shares colours among its pixels. */
interface YccBlocks {
  /** Columns of the part. */
  readonly width: number;
  /** Rows of the part. */
  readonly rows: number;
  /** Columns that share a colour. */
  readonly across: number;
  /** Rows that share a colour. */
  readonly down: number;
}

/** The rows of a part whose pixels are packed in blocks: the luma of each, then their Cb and Cr. */
export function* yccBlocks(
  packed: Uint8Array,
  { width, rows, across, down }: YccBlocks,
): Iterable<Uint8Array> {
  const row = new Uint8Array(3 * width);
  const size = across * down + 2;
  const blocks = Math.ceil(width / across);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < width; x++) {
      const block = (Math.floor(y / down) * blocks + Math.floor(x / across)) * size;
      row[3 * x] = packed[block + y % down * across + x % across];
      row[3 * x + 1] = packed[block + size - 2];
      row[3 * x + 2] = packed[block + size - 1];
    }
    yield row;
  }
}
