import { join } from "@std/path";
import type { Dataset, FileDataset } from "./file_dataset.ts";
import type { DatasetCallbacks, DatasetConfig } from "./dataset_config.ts";
import { DecodePool } from "./decode_pool.ts";
import { type ImageListing, listImages, shareClasses } from "./list_images.ts";
import { NORMALISATIONS } from "./normalisations.ts";
import { probeSize } from "./probe_size.ts";
import { readIntoMemory } from "./read_into_memory.ts";

/** The folders that evaluation images may be in, the first that is there. */
const TEST_FOLDERS = ["val", "test"];
const IMAGENET_SIZE = 224;
/** torchvision scales the shorter side to 256 for a centre of 224. */
const RESIZE_RATIO = 256 / 224;
/** Images up to this side are kept in memory and cut with padding, where nothing else is asked for. */
const SMALL = 64;
/** Classes that a warning names. */
const NAMED = 3;
const DEFAULT_ROOT = join("data", "imagenet");
const CACHE_ROOT = join(".cache", "images");

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

function findRoot({ TYPE, ROOT }: DatasetConfig): string {
  const root = ROOT || (TYPE === "imagenet" ? DEFAULT_ROOT : "");
  if (!root) {
    throw new RangeError(
      `DATASET.TYPE ${TYPE} wants DATASET.ROOT, the folder that holds train/<class>/* and val/<class>/*`,
    );
  }
  if (!isFolder(join(root, "train")) || !TEST_FOLDERS.some((name) => isFolder(join(root, name)))) {
    throw new RangeError(
      `${root} is not a folder of images: it wants train/<class>/* and val/<class>/* (or test) in it; ` +
        "set DATASET.ROOT",
    );
  }
  return root;
}

/** Whether images are kept in memory as they are, and their side in pixels. */
async function decideSize(
  config: DatasetConfig,
  first: string,
  pool: DecodePool,
): Promise<{ inMemory: boolean; size: number }> {
  const { TYPE, TRANSFORM, IMAGE_SIZE } = config;
  if (TRANSFORM === "imagenet" || (TRANSFORM === "auto" && TYPE === "imagenet")) {
    return { inMemory: false, size: IMAGE_SIZE || IMAGENET_SIZE };
  }
  const native = IMAGE_SIZE || await probeSize(first, pool);
  if (TRANSFORM === "cifar" || native <= SMALL) return { inMemory: true, size: native };
  return { inMemory: false, size: IMAGE_SIZE || IMAGENET_SIZE };
}

function sizes(config: DatasetConfig, size: number, inMemory: boolean) {
  const resize = config.RESIZE || (inMemory ? size : Math.round(size * RESIZE_RATIO));
  if (resize < size) {
    throw new RangeError(
      `DATASET.RESIZE must be at least the image size ${size}, which is cut out of it; got ${resize}`,
    );
  }
  return { size, resize, cacheSide: config.CACHE_SIZE || resize };
}

/**
 * Images of `<root>/train/<class>/*` and `<root>/val/<class>/*` (or `test`), of any kind that the decoder knows. Large
 * ones stay in their files and are cut as torchvision's ImageNet recipe does; small ones are kept in memory, to be
 * shifted and mirrored as CIFAR's are.
 *
 * @throws {RangeError} where the folder or a size does not fit
 * @throws {Error} where a folder cannot be read, or an image that is to be kept in memory
 */
export async function loadImageFolder(
  config: DatasetConfig,
  callbacks: DatasetCallbacks,
): Promise<{ train: Dataset; test: Dataset }> {
  const root = findRoot(config);
  const warn = callbacks.onWarning ?? (() => {});
  const testFolder = TEST_FOLDERS.find((name) => isFolder(join(root, name)))!;
  const listings = shareClasses(
    listImages(join(root, "train")),
    listImages(join(root, testFolder)),
  );
  checkClasses(config, listings, testFolder, warn);
  const pool = new DecodePool(config.NUM_WORKERS);
  pool.acquire();
  try {
    const first = join(root, "train", listings.a.paths[0]);
    const { inMemory, size } = await decideSize(config, first, pool);
    const normalisation = config.NORMALIZE === "auto"
      ? (inMemory ? "cifar10" : "imagenet")
      : config.NORMALIZE;
    const make = (folder: string, { classes, paths, labels }: ImageListing): FileDataset => ({
      name: `${config.TYPE}/${folder}`,
      labels,
      length: labels.length,
      channels: 3,
      height: size,
      width: size,
      classes,
      ...NORMALISATIONS[normalisation],
      ids: Int32Array.from(paths.keys()),
      source: {
        root: join(root, folder),
        paths,
        pool,
        transform: { ...sizes(config, size, inMemory), ...NORMALISATIONS[normalisation] },
        onCorrupt: config.ON_CORRUPT,
        cacheRoot: config.CACHE ? config.CACHE_DIR || CACHE_ROOT : null,
        onWarning: warn,
      },
    });
    const train = make("train", listings.a);
    const test = make(testFolder, listings.b);
    if (!inMemory) return { train, test };
    return {
      train: await readIntoMemory(train, callbacks),
      test: await readIntoMemory(test, callbacks),
    };
  } finally {
    pool.release();
  }
}

/** Names the first classes that only one folder has. */
function onlyHas(folder: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const more = names.length - NAMED;
  const first = names.slice(0, NAMED).join(", ");
  return [`only ${folder} has ${first}${more > 0 ? ` and ${more} more` : ""}`];
}

function checkClasses(
  { NUM_CLASSES }: DatasetConfig,
  { a, onlyA, onlyB }: ReturnType<typeof shareClasses>,
  testFolder: string,
  warn: (message: string) => void,
): void {
  const count = a.classes.length;
  const only = [...onlyHas("train", onlyA), ...onlyHas(testFolder, onlyB)];
  if (only.length > 0) {
    warn(
      `train and ${testFolder} do not have the same classes: ${
        only.join(", and ")
      }; all ${count} ` +
        "names of both count",
    );
  }
  if (NUM_CLASSES > 0 && NUM_CLASSES !== count) {
    warn(
      `DATASET.NUM_CLASSES is ${NUM_CLASSES}, but the folders have ${count} classes, which count`,
    );
  }
}
