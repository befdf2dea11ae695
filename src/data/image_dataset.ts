import type { ImageFiles } from "./images/image_files.ts";

/** What every labelled set of images says of itself, wherever its pixels are. */
export interface DatasetInfo {
  /** Name with its part, such as `fashion_mnist/train`. */
  readonly name: string;
  /** Class of each image, [length]. */
  readonly labels: Int32Array;
  /** How many images there are. */
  readonly length: number;
  /** Channels of an image. */
  readonly channels: number;
  /** Rows of an image. */
  readonly height: number;
  /** Columns of an image. */
  readonly width: number;
  /**
   * Pixels of the shorter side that the files' images are scaled to before the centre is cut out in evaluation; missing where
   * they are used as they are.
   */
  readonly resize?: number | null;
  /** Class names; their count is the class count. */
  readonly classes: readonly string[];
  /** Mean of each channel over the training images, in units of 255. */
  readonly mean: readonly number[];
  /** Standard deviation of each channel over the training images, in units of 255. */
  readonly std: readonly number[];
}

/** The files that images in memory were read from. */
export interface DatasetFiles {
  /** The folder that the paths start from. */
  readonly root: string;
  /** Paths below `root`. */
  readonly paths: readonly string[];
  /** Place of each image among the paths, where an image is a file. */
  readonly ids?: Int32Array;
  /** A number that stands for the contents, where it is known without asking for sizes and times. */
  readonly contents?: number;
}

/** Labelled images in memory, one byte a value. */
export interface ImageDataset extends DatasetInfo {
  /** Pixels 0 to 255, [length, channels, height, width] in row-major order. */
  readonly images: Uint8Array;
  /** Where they come from; missing where that is nowhere. */
  readonly files?: DatasetFiles;
}

/** Labelled images in files, decoded when a batch wants them. */
export interface FileDataset extends DatasetInfo {
  /** The files, how they are decoded and what becomes of them. */
  readonly source: ImageFiles;
  /** Place of each image among the files of `source`, [length]. */
  readonly ids: Int32Array;
}

/** Labelled images in memory or in files. */
export type Dataset = ImageDataset | FileDataset;

/** Tells images in files from images in memory. */
export function isFileDataset(dataset: Dataset): dataset is FileDataset {
  return "source" in dataset;
}
