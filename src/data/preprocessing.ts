import type { ImageTransform } from "./augment/transform_pixels.ts";
import type { DatasetInfo } from "./image_dataset.ts";

/** What becomes of a picture before a model sees it, as in evaluation. */
export interface Preprocessing {
  /** Channels of the image: 1 is grey, 3 are red, green and blue. */
  readonly channels: number;
  /** Rows that the model sees. */
  readonly height: number;
  /** Columns that it sees. */
  readonly width: number;
  /**
   * Pixels of the shorter side that pictures are scaled to before the centre is cut out; null where the data set's images
   * are used at exactly `height` x `width`. Pictures of other sizes then just cover these.
   */
  readonly resize: number | null;
  /** Mean of each channel, in units of 255: a value becomes `(byte / 255 - mean) / std`. */
  readonly mean: readonly number[];
  /** Standard deviation of each channel, in units of 255. */
  readonly std: readonly number[];
}

/** What is known of the images of a data set without reading any. */
export interface DatasetFacts {
  /** Class names in the order of the labels; null where they are not known. */
  readonly classes: readonly string[] | null;
  /** What becomes of images in evaluation; null where that depends on them. */
  readonly preprocessing: Preprocessing | null;
}

/** Largest side that a file may say, in pixels; beyond it there is no memory for an image of floats. */
const LARGEST_SIDE = 16384;

/** What becomes of a data set's images when a model is evaluated on them. */
export function preprocessingOf(dataset: DatasetInfo): Preprocessing {
  const { channels, height, width, resize = null, mean, std } = dataset;
  return { channels, height, width, resize, mean: [...mean], std: [...std] };
}

/** What the decoder does to a picture: the same that it does for an evaluation. */
export function transformOf({ height, width, resize, ...rest }: Preprocessing): ImageTransform {
  const { channels, mean, std } = rest;
  // Of an image that has the size already, the centre is all of it.
  const side = resize ?? Math.min(height, width);
  return { size: height, width, resize: side, cacheSide: side, channels, mean, std };
}

/** What a text says, or null where it is no such description. */
export function parsePreprocessing(json: string): Preprocessing | null {
  let value: Partial<Preprocessing> | null;
  try {
    value = JSON.parse(json);
  } catch {
    return null;
  }
  const { channels = 0, height = 0, width = 0, resize = null, mean, std } = value ?? {};
  const isSide = (side: number) => Number.isInteger(side) && side >= 1 && side <= LARGEST_SIDE;
  const perChannel = (list: unknown): list is number[] =>
    Array.isArray(list) && list.length === channels && list.every(Number.isFinite);
  if (![channels, height, width].every(isSide) || !perChannel(mean) || !perChannel(std)) {
    return null;
  }
  if (std.some((each) => each <= 0)) return null;
  if (resize !== null && (!isSide(resize) || resize < Math.max(height, width))) return null;
  return { channels, height, width, resize, mean, std };
}

/** Class names that a text says, or null where it is no JSON array of texts. */
export function parseClasses(json: string): readonly string[] | null {
  try {
    const names: unknown = JSON.parse(json);
    const fits = Array.isArray(names) && names.length > 0 &&
      names.every((name) => typeof name === "string");
    return fits ? names : null;
  } catch {
    return null;
  }
}

/** In words, such as `3 x 224 x 224, the centre of a shorter side of 256; mean 0.485 0.456 0.406, std 0.229 0.224 0.225`. */
export function describePreprocessing(preprocessing: Preprocessing): string {
  const { channels, height, width, resize, mean, std } = preprocessing;
  const cut = resize === null ? "" : `, the centre of a shorter side of ${resize}`;
  return `${channels} x ${height} x ${width}${cut}; mean ${mean.join(" ")}, std ${std.join(" ")}`;
}
