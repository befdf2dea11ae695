import type { Pixels } from "../decode/pixels.ts";
import { normalisationTable } from "../images/normalisations.ts";
import type { KeyedRandom } from "../random.ts";
import { centerCrop, randomResizedCrop, shorterSide } from "./crop.ts";
import type { Resampler } from "./resampler.ts";

/** The square that a model is evaluated on. Source: torchvision's `Resize` and `CenterCrop`. */
export function evalPixels(
  pixels: Pixels,
  { size, resize }: ImageTransform,
  resampler: Resampler,
): Pixels {
  const scaled = shorterSide(pixels.width, pixels.height, resize);
  const window = centerCrop(scaled.width, scaled.height, size);
  return resampler.resize(pixels, { ...scaled, window });
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

  /** Makes the table of the normalised values. */
  constructor({ mean, std }: ImageTransform) {
    this.#table = normalisationTable(mean, std);
  }

  /** Writes an image from `offset` on, mirrored where `flip`. */
  write({ data, width, height }: Pixels, flip: boolean, target: Float32Array, offset: number) {
    const table = this.#table;
    const plane = width * height;
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

/** What becomes of a decoded image. */
export interface ImageTransform {
  /** Rows and columns of the result, in pixels. */
  readonly size: number;
  /** Shorter side that an image is scaled to before its centre is cut out, in pixels. */
  readonly resize: number;
  /** Largest shorter side of training images in a packed cache, in pixels. */
  readonly cacheSide: number;
  /** Mean of each channel, in units of 255. */
  readonly mean: readonly number[];
  /** Standard deviation of each channel, in units of 255. */
  readonly std: readonly number[];
}
