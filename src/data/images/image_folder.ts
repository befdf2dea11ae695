import { join } from "node:path";
import { UserError } from "../../errors.ts";
import { isFolder } from "../../formats/paths.ts";
import { listed } from "../../formats/visible.ts";
import {
  BOTH_SPLITS,
  type DatasetCallbacks,
  type DatasetConfig,
  type WantedSplits,
} from "../dataset_config.ts";
import { DecodePool } from "../decode/decode_pool.ts";
import type { DatasetDefinition, DatasetParts } from "../definition.ts";
import type { Dataset, FileDataset } from "../image_dataset.ts";
import type { DatasetFacts } from "../preprocessing.ts";
import { findRoot, folderLayout, type Layout, TEST_FOLDERS } from "./folder_layout.ts";
import { configuredSize, decideSize, type FolderSize } from "./folder_size.ts";
import {
  type ImageListing,
  listClasses,
  listImages,
  numberedWith,
  pythonOrder,
} from "./list_images.ts";
import { divide, type ImageSplit, ofClasses, readImageSplit } from "./image_split.ts";
import { NORMALISATIONS } from "./normalisations.ts";
import { readIntoMemory } from "./read_into_memory.ts";

/** torchvision scales the shorter side to 256 for a centre of 224. */
const RESIZE_RATIO = 256 / 224;
/** Classes that a warning names. */
const NAMED = 3;
const DEFAULT_ROOT = join("data", "imagenet");
const NO_SPLIT: ImageSplit = { validation: [], left_out: [] };
const CACHE_ROOT = join(".cache", "images");

type Warn = (message: string) => void;

function sizes(config: DatasetConfig, size: number, inMemory: boolean) {
  const resize = config.RESIZE || (inMemory ? size : Math.round(size * RESIZE_RATIO));
  if (resize < size) {
    throw new UserError(
      `DATASET.RESIZE must be at least the image size ${size}, which is cut out of it; got ${resize}`,
    );
  }
  return { size, resize, cacheSide: config.CACHE_SIZE || resize };
}

function transformOf(config: DatasetConfig, { size, inMemory }: FolderSize) {
  const usual = inMemory ? "cifar10" : "imagenet";
  const normalisation = config.NORMALIZE === "auto" ? usual : config.NORMALIZE;
  return { ...sizes(config, size, inMemory), ...NORMALISATIONS[normalisation] };
}

/** What is known of a folder without looking at its images; of one that is not there the classes are not. */
function facts(config: DatasetConfig, usual: DatasetConfig["TRANSFORM"]): DatasetFacts {
  const { ROOT } = config;
  const { train, test } = folderLayout(ROOT);
  const folders = ROOT ? [train, ...(test ? [test] : [])] : [];
  const names = new Set(folders.flatMap((folder) => listClasses(join(ROOT, folder))));
  const classes = names.size > 0 ? [...names].sort(pythonOrder) : null;
  const known = configuredSize(config, usual);
  if (!known) return { classes, preprocessing: null };
  const { size, resize, mean, std } = transformOf(config, known);
  return { classes, preprocessing: { channels: 3, height: size, width: size, resize, mean, std } };
}

/** A folder of one split with its images. */
interface Split {
  /** What it is, `train`, `val` and so on. */
  readonly name: string;
  /** Its folder below the root. */
  readonly folder: string;
  readonly listing: ImageListing;
}

/** The splits that are wanted, whose classes are numbered by the names that any of the folders has. */
function listSplits(
  config: DatasetConfig,
  { root, train, test }: Layout,
  split: ImageSplit,
  wanted: WantedSplits,
  warn: Warn,
) {
  const held = split.validation.length > 0;
  const folders = { train, test: test ?? TEST_FOLDERS[0] };
  const list = (folder: string, isWanted: boolean) =>
    isWanted ? ofClasses(listImages(join(root, folder)), split.classes) : null;
  const namesIn = (folder: string) =>
    listClasses(join(root, folder)).filter((name) => split.classes?.includes(name) ?? true);
  const lists = {
    train: list(folders.train, wanted.train || (wanted.test && held)),
    test: list(folders.test, wanted.test && !held),
  };
  const names = {
    train: lists.train?.classes ?? namesIn(folders.train),
    test: held ? [] : lists.test?.classes ?? namesIn(folders.test),
  };
  checkClasses(config, names, folders.test, warn);
  const parts = lists.train && divide(lists.train, folders.train, split, warn);
  const others = lists.test && divide(lists.test, folders.test, { ...split, validation: [] }).train;
  const of = (
    name: string,
    folder: string,
    listing: ImageListing | null,
    others: readonly string[],
  ): Split | null => listing && { name, folder, listing: numberedWith(listing, others) };
  return {
    train: wanted.train ? of("train", folders.train, parts && parts.train, names.test) : null,
    test: held
      ? (wanted.test ? of("validation", folders.train, parts && parts.validation, []) : null)
      : of(folders.test, folders.test, others, names.train),
  };
}

/**
 * Images of `<root>/train/<class>/*` and `<root>/val/<class>/*` (or `test`), or of `<root>/<class>/*` to be divided, of any kind that the decoder knows. Large
 * ones stay in their files and are cut as torchvision's ImageNet recipe does; small ones are kept in memory, to be
 * shifted and mirrored as CIFAR's are. A split that is not wanted may be missing; its classes count where it is there.
 *
 * @param usual what DATASET.TRANSFORM auto is here
 * @throws {UserError} where a folder or a size does not fit
 * @throws {UserError} where a folder cannot be read, or an image that is to be kept in memory
 */
export async function loadImageFolder(
  config: DatasetConfig,
  callbacks: DatasetCallbacks,
  wanted: WantedSplits = BOTH_SPLITS,
  usual: DatasetConfig["TRANSFORM"] = "auto",
): Promise<DatasetParts<Dataset>> {
  const split = config.SPLIT ? readImageSplit(config.SPLIT) : NO_SPLIT;
  if (split.validation.length > 0 && config.VALIDATION > 0) {
    throw new UserError(
      "DATASET.SPLIT says which images are held out, and DATASET.VALIDATION how many; give one of them",
    );
  }
  const layout = findRoot(config, wanted, split.validation.length > 0);
  const warn = callbacks.onWarning ?? (() => {});
  const splits = listSplits(config, layout, split, wanted, warn);
  const pool = new DecodePool(config.NUM_WORKERS);
  pool.acquire();
  try {
    const size = await decideSize(config, deciding(layout, splits), pool, callbacks, usual);
    tellWorkers(config, warn);
    const make = async (split: Split | null): Promise<Dataset | null> => {
      if (!split) return null;
      const dataset = fileDataset(config, layout.root, split, { pool, size, warn });
      return size.inMemory ? await readIntoMemory(dataset, callbacks) : dataset;
    };
    return { train: await make(splits.train), test: await make(splits.test) };
  } finally {
    pool.release();
  }
}

/** The images that the size is decided by: the training images where they are there, whoever asks. */
function deciding(
  { root, train: folder }: Layout,
  { train, test }: { train: Split | null; test: Split | null },
) {
  if (!train && isFolder(join(root, folder))) {
    try {
      return { root: join(root, folder), paths: listImages(join(root, folder)).paths };
    } catch {
      // Training images that cannot be listed are not wanted either.
    }
  }
  const { folder: its, listing } = (train ?? test)!;
  return { root: join(root, its), paths: listing.paths };
}

function fileDataset(
  config: DatasetConfig,
  root: string,
  { name, folder, listing: { classes, paths, labels } }: Split,
  { pool, size: folderSize, warn }: { pool: DecodePool; size: FolderSize; warn: Warn },
): FileDataset {
  const transform = transformOf(config, folderSize);
  const { size, mean, std } = transform;
  return {
    name: `${config.TYPE}/${name}`,
    labels,
    length: labels.length,
    channels: 3,
    height: size,
    width: size,
    resize: transform.resize,
    classes,
    ...{ mean, std },
    ids: Int32Array.from(paths.keys()),
    source: {
      root: join(root, folder),
      paths,
      pool,
      transform,
      onCorrupt: config.ON_CORRUPT,
      cacheRoot: config.CACHE ? config.CACHE_DIR || CACHE_ROOT : null,
      onWarning: warn,
    },
  };
}

function tellWorkers({ NUM_WORKERS }: DatasetConfig, warn: Warn): void {
  const cores = navigator.hardwareConcurrency;
  if (NUM_WORKERS > cores) {
    warn(
      `DATASET.NUM_WORKERS is ${NUM_WORKERS}, but there ${
        cores === 1 ? "is 1 core" : `are ${cores} cores`
      }; more workers than cores decode no faster and take more memory`,
    );
  }
}

/** Names the first classes that only one folder has. */
function onlyHas(folder: string, names: readonly string[], others: readonly string[]): string[] {
  const there = new Set(others);
  const only = names.filter((name) => !there.has(name));
  return only.length === 0 ? [] : [`only ${folder} has ${listed(only, NAMED)}`];
}

function checkClasses(
  { NUM_CLASSES }: DatasetConfig,
  names: { readonly train: readonly string[]; readonly test: readonly string[] },
  testFolder: string,
  warn: Warn,
): void {
  const count = new Set([...names.train, ...names.test]).size;
  const only = names.train.length === 0 || names.test.length === 0 ? [] : [
    ...onlyHas("train", names.train, names.test),
    ...onlyHas(testFolder, names.test, names.train),
  ];
  if (only.length > 0) {
    const both = `all ${count} names of both count`;
    warn(`train and ${testFolder} do not have the same classes: ${only.join(", and ")}; ${both}`);
  }
  if (NUM_CLASSES > 0 && NUM_CLASSES !== count) {
    warn(
      `DATASET.NUM_CLASSES is ${NUM_CLASSES}, but the folders have ${count} classes, which count`,
    );
  }
}

/** Files of torchvision's first weights, the teachers of the authors; its second weights are other models. */
const TORCHVISION: ReadonlyMap<string, string> = new Map([
  ["ResNet18", "resnet18-f37072fd.pth"],
  ["ResNet34", "resnet34-b627a593.pth"],
  ["ResNet50", "resnet50-0676ba61.pth"],
  ["ResNet101", "resnet101-63fe2227.pth"],
]);

/** ImageNet, which is a folder of large images, and any other folder. */
export const DEFINITIONS: readonly DatasetDefinition<Dataset>[] = [{
  name: "imagenet",
  doc:
    "ImageNet: train/<class>/* and val/<class>/* in DATASET.ROOT, by default data/imagenet, decoded as batches are made.",
  load({ ROOT, ...config }, callbacks, wanted) {
    return loadImageFolder(
      { ...config, ROOT: ROOT || DEFAULT_ROOT },
      callbacks,
      wanted,
      "imagenet",
    );
  },
  facts: ({ ROOT, ...config }) => facts({ ...config, ROOT: ROOT || DEFAULT_ROOT }, "imagenet"),
  inMemory: false,
  models: "imagenet",
  // As the authors do; its feature maps of all classes take gigabytes.
  costSource: "logits",
  publishedTeacher(teacher) {
    const file = TORCHVISION.get(teacher);
    return file ? `torchvision's IMAGENET1K_V1 file of it (${file}) works too` : null;
  },
}, {
  name: "image_folder",
  doc:
    "Any images, in train/<class>/* and val/<class>/* (or test) in DATASET.ROOT, or in <class>/* with DATASET.VALIDATION.",
  load: loadImageFolder,
  facts: (config) => facts(config, "auto"),
  hasTest: ({ ROOT }) => folderLayout(ROOT).test !== null,
  inMemory: false,
}];
