import { ImageError } from "./image_file.ts";

/** What is needed to unpack a bitmap's runs. */
interface RleShape {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Whether a byte holds two pixels. */
  readonly isHalf: boolean;
}

/**
 * The colour numbers of a run-length coded bitmap in the order of the file. Source: Pillow's `BmpRleDecoder`, which
 * fills what a jump leaves out with the first colour.
 *
 * @throws {ImageError} where the runs end before the last pixel
 */
export function decodeRle(
  bytes: Uint8Array,
  start: number,
  { width, height, isHalf }: RleShape,
): Uint8Array {
  const data = new Uint8Array(width * height);
  let done = 0;
  let x = 0;
  let at = start;
  while (done < data.length && at + 1 < bytes.length) {
    const count = bytes[at++];
    const value = bytes[at++];
    if (count > 0) {
      const length = Math.min(count, Math.max(0, width - x));
      for (let i = 0; i < length; i++) data[done + i] = isHalf ? half(value, i) : value;
      done += length;
      x += length;
    } else if (value === 0) {
      done += (width - done % width) % width;
      x = 0;
    } else if (value === 1) {
      break;
    } else if (value === 2) {
      if (at + 1 >= bytes.length) break;
      done = Math.min(data.length, done + bytes[at] + bytes[at + 1] * width);
      at += 2;
      x = done % width;
    } else {
      const length = Math.min(data.length - done, value);
      const size = isHalf ? Math.ceil(length / 2) : length;
      if (at + size > bytes.length) break;
      for (let i = 0; i < length; i++) {
        data[done + i] = isHalf ? half(bytes[at + (i >> 1)], i) : bytes[at + i];
      }
      done += length;
      at += size;
      x += value;
      // Pixels that are given one by one end at an even place of the file.
      at += at % 2;
    }
  }
  if (done < data.length) throw new ImageError("its pixels end too early");
  return data;
}

function half(byte: number, index: number): number {
  return index % 2 === 0 ? byte >> 4 : byte & 15;
}
