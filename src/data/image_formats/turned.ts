import type { Pixels } from "../pixels.ts";

/**
 * An image as its TIFF orientation says it is to be seen.
 *
 * @param orientation 1 to 8; anything else is 1
 */
export function turned(pixels: Pixels, orientation: number): Pixels {
  if (!(orientation >= 2 && orientation <= 8)) return pixels;
  const { data, width, height } = pixels;
  const swaps = orientation >= 5;
  const [columns, rows] = swaps ? [height, width] : [width, height];
  const isMirrored = [2, 3, 7, 8].includes(orientation);
  const isFlipped = [3, 4, 6, 7].includes(orientation);
  // Steps in the source, in bytes, for one pixel to the right and one down in the result.
  const right = (swaps ? (isFlipped ? -width : width) : isMirrored ? -1 : 1) * 3;
  const down = (swaps ? (isMirrored ? -1 : 1) : isFlipped ? -width : width) * 3;
  const first = ((isFlipped ? height - 1 : 0) * width + (isMirrored ? width - 1 : 0)) * 3;
  const result = new Uint8Array(data.length);
  for (let y = 0, to = 0; y < rows; y++) {
    for (let x = 0, from = first + y * down; x < columns; x++, from += right) {
      result[to++] = data[from];
      result[to++] = data[from + 1];
      result[to++] = data[from + 2];
    }
  }
  return { data: result, width: columns, height: rows };
}
