import type { DatasetInfo, ImageDataset } from "./image_dataset.ts";
import type { ImageFiles } from "./image_files.ts";

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
