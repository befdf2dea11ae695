import type { Config } from "../config/config.ts";
import { type FashionMnistOptions, loadFashionMnist } from "./fashion_mnist.ts";
import type { ImageDataset } from "./image_dataset.ts";
import { holdOutPerClass, subsetPerClass } from "./select.ts";

type Loader = (
  options: FashionMnistOptions,
) => Promise<{ train: ImageDataset; test: ImageDataset }>;

const LOADERS: ReadonlyMap<string, Loader> = new Map([["fashion_mnist", loadFashionMnist]]);

/** The keys of the configuration's DATASET section that choose the images. */
export type DatasetConfig = Pick<Config["DATASET"], "TYPE" | "ROOT" | "SUBSET" | "VALIDATION">;

/** Told about the making of a cache. */
export type DatasetCallbacks = Pick<FashionMnistOptions, "onProgress" | "onWarning">;

/** What a run trains on and what it is measured on. */
export interface DatasetSplits {
  /** Training images, after VALIDATION and SUBSET. */
  readonly train: ImageDataset;
  /** The test images, or the validation images where VALIDATION holds some out. */
  readonly test: ImageDataset;
}

/**
 * The data set that a configuration names. The validation images are taken out first, then the subset is taken from the
 * rest, so the two never share an image.
 *
 * @throws {RangeError} for a data set that is not there, or a SUBSET or VALIDATION larger than a class
 */
export async function loadDataset(
  config: DatasetConfig,
  callbacks: DatasetCallbacks = {},
): Promise<DatasetSplits> {
  const loader = LOADERS.get(config.TYPE);
  if (!loader) {
    const names = [...LOADERS.keys()].join(", ");
    throw new RangeError(
      `there is no data set ${JSON.stringify(config.TYPE)}; DATASET.TYPE can be ${names}`,
    );
  }
  let { train, test } = await loader({ root: config.ROOT, ...callbacks });
  if (config.VALIDATION > 0) {
    const split = holdOutPerClass(train, config.VALIDATION);
    train = split.train;
    test = split.validation;
  }
  if (config.SUBSET > 0) train = subsetPerClass(train, config.SUBSET);
  return { train, test };
}
