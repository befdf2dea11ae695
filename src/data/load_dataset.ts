import { UserError } from "../errors.ts";
import { checkedDataset } from "./check_dataset.ts";
import {
  BOTH_SPLITS,
  type DatasetCallbacks,
  type DatasetConfig,
  type WantedSplits,
} from "./dataset_config.ts";
import type { DatasetParts } from "./definition.ts";
import type { Dataset, ImageDataset } from "./image_dataset.ts";
import { NORMALISATIONS } from "./images/normalisations.ts";
import type { DatasetFacts } from "./preprocessing.ts";
import { datasetOf, isImportedDataset } from "./registry.ts";
import { holdOutPerClass, subsetPerClass } from "./select.ts";

export type { DatasetCallbacks, DatasetConfig } from "./dataset_config.ts";

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
  datasetOf(type);
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

async function loadParts(
  config: DatasetConfig,
  callbacks: DatasetCallbacks,
  wanted: WantedSplits,
): Promise<DatasetParts<Dataset>> {
  const { TYPE } = config;
  const definition = datasetOf(TYPE);
  const parts = await definition.load(config, callbacks, wanted);
  const checked = isImportedDataset(TYPE) ? checkedParts(TYPE, parts, wanted) : parts;
  return definition.inMemory === false ? checked : normalised(checked, config);
}

/** What an imported module gave, if that are images. */
function checkedParts(
  type: string,
  parts: DatasetParts<Dataset>,
  wanted: WantedSplits,
): DatasetParts<Dataset> {
  const checked = (split: "train" | "test") => {
    if (!wanted[split]) return null;
    const dataset = parts?.[split];
    if (!dataset) throw new UserError(`the data set ${type}: load() gave no ${split} images`);
    return checkedDataset(`${type}/${split}`, dataset as ImageDataset);
  };
  return { train: checked("train"), test: checked("test") };
}

/** What a configuration's data set says of its images without reading any; null where it says nothing. */
export function datasetFacts(config: DatasetConfig): DatasetFacts | null {
  const { facts, inMemory } = datasetOf(config.TYPE);
  const known = facts?.(config) ?? null;
  const preprocessing = known?.preprocessing;
  if (config.NORMALIZE === "auto" || inMemory === false || !preprocessing) return known;
  const figures = NORMALISATIONS[config.NORMALIZE];
  if (preprocessing.channels !== figures.mean.length) return known;
  return { ...known, preprocessing: { ...preprocessing, ...figures } };
}

/** Images in memory with the mean and deviation that NORMALIZE names; image files have them of their loader. */
function normalised(
  parts: DatasetParts<Dataset>,
  { TYPE, NORMALIZE }: DatasetConfig,
): DatasetParts<Dataset> {
  if (NORMALIZE === "auto") return parts;
  const figures = NORMALISATIONS[NORMALIZE];
  const of = (dataset: Dataset | null) => {
    if (!dataset) return null;
    if (dataset.channels === figures.mean.length) return { ...dataset, ...figures };
    throw new UserError(
      `DATASET.NORMALIZE ${NORMALIZE} is for images of ${figures.mean.length} channels, and those of ${TYPE} have ` +
        `${dataset.channels}; leave it out`,
    );
  };
  return { train: of(parts.train), test: of(parts.test) };
}

async function load(
  config: DatasetConfig,
  callbacks: DatasetCallbacks,
  wanted: WantedSplits,
): Promise<DatasetParts<Dataset>> {
  const isHeldOut = config.VALIDATION > 0;
  const read = isHeldOut ? { train: true, test: false } : wanted;
  let { train, test } = await loadParts(config, callbacks, read);
  if (train && isHeldOut) {
    const split = holdOutPerClass(train, config.VALIDATION);
    train = split.train;
    test = split.validation;
  }
  if (train && wanted.train && config.SUBSET > 0) train = subsetPerClass(train, config.SUBSET);
  return { train, test };
}
