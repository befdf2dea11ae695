import type { BatchSource, LoaderOptions } from "./batch.ts";
import { type Dataset, isFileDataset } from "./file_dataset.ts";
import { DataLoader } from "./loader.ts";
import { StreamLoader } from "./stream_loader.ts";

/**
 * The loader that fits where a data set's images are: in memory or in files.
 *
 * @throws {RangeError} where there is no image, or with `dropLast` less than one training batch
 */
export function createLoader(dataset: Dataset, options: LoaderOptions): BatchSource {
  return isFileDataset(dataset)
    ? new StreamLoader(dataset, options)
    : new DataLoader(dataset, options);
}
