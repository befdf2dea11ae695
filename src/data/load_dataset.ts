import { UserError } from "../errors.ts";
import { loadCifar } from "./cifar.ts";
import {
  BOTH_SPLITS,
  type DatasetCallbacks,
  type DatasetConfig,
  type LoadedSplits,
  type WantedSplits,
} from "./dataset_config.ts";
import { loadFashionMnist } from "./fashion_mnist.ts";
import type { Dataset } from "./file_dataset.ts";
import { loadImageFolder } from "./image_folder.ts";
import { holdOutPerClass, subsetPerClass } from "./select.ts";

export type { DatasetCallbacks, DatasetConfig } from "./dataset_config.ts";

type Loader = (
  config: DatasetConfig,
  callbacks: DatasetCallbacks,
  wanted: WantedSplits,
) => Promise<LoadedSplits>;

const LOADERS: ReadonlyMap<string, Loader> = new Map<string, Loader>([
  ["fashion_mnist", ({ ROOT }, { onProgress, onWarning }) =>
    loadFashionMnist({
      root: ROOT,
      onProgress: (done, total) => onProgress?.(done, total, "classes of Fashion-MNIST"),
      onWarning,
    })],
  ["cifar10", ({ ROOT }, _, wanted) => loadCifar("cifar10", ROOT, wanted)],
  ["cifar100", ({ ROOT }, _, wanted) => loadCifar("cifar100", ROOT, wanted)],
  ["imagenet", loadImageFolder],
  ["image_folder", loadImageFolder],
]);

/** What a run trains on and what it is measured on. */
export interface DatasetSplits {
  /** Training images, after VALIDATION and SUBSET. */
  readonly train: Dataset;
  /** The test images, or the validation images where VALIDATION holds some out. */
  readonly test: Dataset;
}

/**
 * Refuses a data set that is not there.
 *
 * @param type its name as in `DATASET.TYPE`
 * @throws {UserError} with the names there are
 */
export function checkDataset(type: string): void {
  loaderOf(type);
}

function loaderOf(type: string): Loader {
  const loader = LOADERS.get(type);
  if (loader) return loader;
  const names = [...LOADERS.keys()].join(", ");
  throw new UserError(
    `there is no data set ${JSON.stringify(type)}; DATASET.TYPE can be ${names}`,
  );
}

/**
 * The data set that a configuration names. The validation images are taken out first, then the subset is taken from the
 * rest, so the two never share an image.
 *
 * @throws {UserError} for a data set that is not there, or a SUBSET or VALIDATION larger than a class
 * @throws {UserError} where its files cannot be read or are damaged
 */
export async function loadDataset(
  config: DatasetConfig,
  callbacks: DatasetCallbacks = {},
): Promise<DatasetSplits> {
  const { train, test } = await load(config, callbacks, BOTH_SPLITS);
  return { train: train!, test: test! };
}

/** The training images alone, as {@linkcode loadDataset} gives them; the test images are not read and may be missing. */
export async function loadTrainSet(
  config: DatasetConfig,
  callbacks: DatasetCallbacks = {},
): Promise<Dataset> {
  return (await load(config, callbacks, { train: true, test: false })).train!;
}

/**
 * The test images alone, as {@linkcode loadDataset} gives them; the training images are not read and may be missing,
 * unless VALIDATION takes some of them.
 */
export async function loadTestSet(
  config: DatasetConfig,
  callbacks: DatasetCallbacks = {},
): Promise<Dataset> {
  return (await load(config, callbacks, { train: false, test: true })).test!;
}

async function load(
  config: DatasetConfig,
  callbacks: DatasetCallbacks,
  wanted: WantedSplits,
): Promise<LoadedSplits> {
  const isHeldOut = config.VALIDATION > 0;
  const read = isHeldOut ? { train: true, test: false } : wanted;
  let { train, test } = await loaderOf(config.TYPE)(config, callbacks, read);
  if (train && isHeldOut) {
    const split = holdOutPerClass(train, config.VALIDATION);
    train = split.train;
    test = split.validation;
  }
  if (train && wanted.train && config.SUBSET > 0) train = subsetPerClass(train, config.SUBSET);
  return { train, test };
}
