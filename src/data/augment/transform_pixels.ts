import type { Pixels } from "../decode/pixels.ts";
import { normalisationTable } from "../images/normalisations.ts";
import type { KeyedRandom } from "../random.ts";
import { centerCrop, randomResizedCrop, shorterSide } from "./crop.ts";
import type { Resampler } from "./resampler.ts";

/** The centre that a model is evaluated on. Source: torchvision's `Resize` and `CenterCrop`. */
export function evalPixels(
  pixels: Pixels,
  { size, width = size, resize, channels }: ImageTransform,
  resampler: Resampler,
): Pixels {
  const scaled = covering(shorterSide(pixels.width, pixels.height, resize), pixels, width, size);
  const window = centerCrop(scaled.width, scaled.height, size, width);
  return resampler.resize(channels === 1 ? greyPixels(pixels) : pixels, { ...scaled, window });
}

/** A size that the centre can be cut out of: the one given, or the smallest of that shape that is large enough. */
function covering(
  scaled: { width: number; height: number },
  pixels: Pixels,
  width: number,
  height: number,
): { width: number; height: number } {
  if (scaled.width >= width && scaled.height >= height) return scaled;
  const shape = pixels.width / pixels.height;
  return shape <= width / height
    ? { width, height: Math.max(height, Math.trunc(width / shape)) }
    : { width: Math.max(width, Math.trunc(height * shape)), height };
}

/** An image in grey, as Pillow's `convert("L")` weighs red, green and blue (ITU-R 601-2), still with three bytes a pixel. */
function greyPixels({ data, width, height }: Pixels): Pixels {
  const grey = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 3) {
    grey[i] =
      grey[i + 1] =
      grey[i + 2] =
        (data[i] * 19595 + data[i + 1] * 38470 + data[i + 2] * 7471 + 0x8000) >> 16;
  }
  return { data: grey, width, height };
}

/** A training image as a packed cache keeps it: its shorter side is at most `cacheSide`. */
export function cachePixels(
  pixels: Pixels,
  { cacheSide }: ImageTransform,
  resampler: Resampler,
): Pixels {
  const { width, height } = pixels;
  if (Math.min(width, height) <= cacheSide) return pixels;
  return resampler.resize(pixels, shorterSide(width, height, cacheSide));
}

/** A random square. Source: torchvision's `RandomResizedCrop`. */
export function trainPixels(
  pixels: Pixels,
  { size }: ImageTransform,
  random: KeyedRandom,
  resampler: Resampler,
): Pixels {
  const box = randomResizedCrop(random, pixels.width, pixels.height);
  return resampler.resize(pixels, { box, width: size, height: size });
}

/** Writes an image as three planes of bytes from `offset` on, mirrored where `flip`. */
export function writeBytes(
  { data, width, height }: Pixels,
  target: Uint8Array,
  offset: number,
  flip = false,
): void {
  const plane = width * height;
  const step = flip ? -1 : 1;
  for (let row = 0, from = 0; row < height; row++) {
    let to = offset + row * width + (flip ? width - 1 : 0);
    for (const end = from + 3 * width; from < end; from += 3, to += step) {
      target[to] = data[from];
      target[to + plane] = data[from + 1];
      target[to + 2 * plane] = data[from + 2];
    }
  }
}

/** Writes images as three planes of normalised numbers. */
export class PlaneWriter {
  readonly #table: Float32Array;

  readonly #isGrey: boolean;

  /** Makes the table of the normalised values. */
  constructor({ mean, std, channels }: ImageTransform) {
    this.#isGrey = channels === 1;
    this.#table = normalisationTable(mean, std);
  }

  /** Writes an image from `offset` on, mirrored where `flip`. */
  write({ data, width, height }: Pixels, flip: boolean, target: Float32Array, offset: number) {
    const table = this.#table;
    const plane = width * height;
    if (this.#isGrey) return writeGrey(data, table, target.subarray(offset, offset + plane));
    const step = flip ? -1 : 1;
    for (let row = 0, from = 0; row < height; row++) {
      let to = offset + row * width + (flip ? width - 1 : 0);
      for (const end = from + 3 * width; from < end; from += 3, to += step) {
        target[to] = table[data[from]];
        target[to + plane] = table[256 + data[from + 1]];
        target[to + 2 * plane] = table[512 + data[from + 2]];
      }
    }
  }
}

/** Writes the one plane of a grey image. */
function writeGrey(data: Uint8Array, table: Float32Array, target: Float32Array): void {
  for (let to = 0; to < target.length; to++) target[to] = table[data[3 * to]];
}

/** What becomes of a decoded image. */
export interface ImageTransform {
  /** Rows and columns of the result, in pixels. */
  readonly size: number;
  /** Columns of the result of an evaluation, where they are others than rows. */
  readonly width?: number;
  /** 1 makes grey images for an evaluation; default 3. */
  readonly channels?: number;
  /** Shorter side that an image is scaled to before its centre is cut out, in pixels. */
  readonly resize: number;
  /** Largest shorter side of training images in a packed cache, in pixels. */
  readonly cacheSide: number;
  /** Mean of each channel, in units of 255. */
  readonly mean: readonly number[];
  /** Standard deviation of each channel, in units of 255. */
  readonly std: readonly number[];
}
