import type { Pixels } from "../decode/pixels.ts";
import { normalisationTable } from "../images/normalisations.ts";
import { centerCrop, shorterSide } from "./crop.ts";
import { Resampler } from "./resampler.ts";

/** What becomes of a picture before a model sees it, as in the evaluation of its training. */
export interface Preprocessing {
  /** Channels of the model's images: 3, or 1 for grey. */
  readonly channels: number;
  /** Rows of the model's images. */
  readonly height: number;
  /** Columns of the model's images. */
  readonly width: number;
  /** Shorter side that a picture is scaled to before its centre is cut out; null where the whole is scaled to the size. */
  readonly resize: number | null;
  /** Mean of each channel, in units of 255. */
  readonly mean: readonly number[];
  /** Standard deviation of each channel, in units of 255. */
  readonly std: readonly number[];
}

/**
 * Cuts, scales and normalises a picture for a model, to the same numbers as the evaluation. Source: torchvision's `Resize`,
 * `CenterCrop` and `Normalize`; grey is Pillow's `convert("L")`.
 *
 * @returns [channels, height, width]
 * @throws {RangeError} for another number of channels than 1 and 3
 */
export function preparePicture(picture: Pixels, preprocessing: Preprocessing): Float32Array {
  const { channels, mean, std } = preprocessing;
  if (channels !== 1 && channels !== 3) {
    throw new RangeError(`pictures have 1 or 3 channels; the model wants ${channels}`);
  }
  const { data } = fitPicture(picture, preprocessing);
  const table = normalisationTable(mean, std);
  const plane = data.length / 3;
  const result = new Float32Array(channels * plane);
  for (let from = 0, to = 0; to < plane; from += 3, to++) {
    if (channels === 1) {
      result[to] = table[luma(data[from], data[from + 1], data[from + 2])];
      continue;
    }
    for (let c = 0; c < 3; c++) result[c * plane + to] = table[c * 256 + data[from + c]];
  }
  return result;
}

/** The part of a picture that a model sees, in the model's size and still in colours. */
export function fitPicture(
  picture: Pixels,
  { height, width, resize }: Pick<Preprocessing, "height" | "width" | "resize">,
): Pixels {
  if (resize === null && picture.width === width && picture.height === height) return picture;
  const resampler = new Resampler();
  if (resize === null) return resampler.resize(picture, { width, height });
  const scaled = shorterSide(picture.width, picture.height, resize);
  const { left } = centerCrop(scaled.width, scaled.width, width);
  const { top } = centerCrop(scaled.height, scaled.height, height);
  return resampler.resize(picture, { ...scaled, window: { left, top, width, height } });
}

/** Grey of a colour, as Pillow weighs it (ITU-R 601-2). */
export function luma(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}
