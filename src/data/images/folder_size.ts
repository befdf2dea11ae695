import { UserError } from "../../errors.ts";
import { shown } from "../../formats/visible.ts";
import type { DatasetCallbacks, DatasetConfig } from "../dataset_config.ts";
import type { ImageHeader } from "../decode/decode_job.ts";
import type { DecodePool } from "../decode/decode_pool.ts";
import { probeImages } from "./probe_images.ts";

const IMAGENET_SIZE = 224;
/** Images up to this side are kept in memory and cut with padding, where nothing else is asked for. */
const SMALL = 64;

/** How the images of a folder are kept and shown. */
export interface FolderSize {
  /** Whether all are kept in memory. */
  readonly inMemory: boolean;
  /** Rows and columns that the model sees. */
  readonly size: number;
}

/**
 * What {@linkcode decideSize} decides by the configuration alone; null where the images decide.
 *
 * @param usual what DATASET.TRANSFORM auto is for this data set, whatever its images are
 */
export function configuredSize(
  { TRANSFORM, IMAGE_SIZE }: DatasetConfig,
  usual: DatasetConfig["TRANSFORM"],
): FolderSize | null {
  const transform = TRANSFORM === "auto" ? usual : TRANSFORM;
  if (transform === "imagenet") return { inMemory: false, size: IMAGE_SIZE || IMAGENET_SIZE };
  if (IMAGE_SIZE === 0) return null;
  return { inMemory: transform === "cifar" || IMAGE_SIZE <= SMALL, size: IMAGE_SIZE };
}

/** Where the images are that decide. */
interface FolderImages {
  /** The folder that the paths start from. */
  readonly root: string;
  /** Path of each image. */
  readonly paths: readonly string[];
}

/**
 * Decides whether images are kept in memory as they are, and their side in pixels: as the configuration says, or by the
 * headers of some of them. What was decided is told, and why.
 *
 * @param usual what DATASET.TRANSFORM auto is for this data set, whatever its images are
 * @throws {UserError} where the headers decide and no image can be read
 */
export async function decideSize(
  config: DatasetConfig,
  images: FolderImages,
  pool: DecodePool,
  { onNote, onWarning }: DatasetCallbacks,
  usual: DatasetConfig["TRANSFORM"] = "auto",
): Promise<FolderSize> {
  const { TYPE, TRANSFORM, IMAGE_SIZE } = config;
  const transform = TRANSFORM === "auto" ? usual : TRANSFORM;
  if (transform === "imagenet" || (transform === "cifar" && IMAGE_SIZE > 0)) {
    const asked = { inMemory: transform === "cifar", size: IMAGE_SIZE || IMAGENET_SIZE };
    const why = TRANSFORM === "auto" ? `auto, as DATASET.TYPE is ${TYPE}` : TRANSFORM;
    onNote?.(`${TYPE}: all images are ${kept(asked)} (DATASET.TRANSFORM ${why})`);
    return asked;
  }
  const headers = await look(config, images, pool);
  const sides = headers.map(({ width, height }) => Math.max(width, height));
  const native = IMAGE_SIZE || commonest(sides);
  const isSmall = IMAGE_SIZE > 0 ? native <= SMALL : median(sides) <= SMALL;
  const inMemory = TRANSFORM === "cifar" || isSmall;
  const size = inMemory ? native : IMAGE_SIZE || IMAGENET_SIZE;
  const looked = `${rangeOf(headers)} (${headers.length} of ${images.paths.length} looked at)`;
  const why = TRANSFORM === "cifar"
    ? "DATASET.TRANSFORM cifar"
    : `DATASET.TRANSFORM auto, as ${IMAGE_SIZE > 0 ? "DATASET.IMAGE_SIZE is" : "most are"} ${
      inMemory ? `at most` : "more than"
    } ${SMALL} pixels`;
  onNote?.(`${TYPE}: images of ${looked} are ${kept({ inMemory, size })} (${why})`);
  const isMixed = new Set(sides).size > 1;
  if (inMemory ? isMixed : sides.some((side) => side <= SMALL)) {
    onWarning?.(
      `the images ${
        isMixed ? "have different sizes" : "are small"
      }: ${looked}; all become ${size} x ${size}, which DATASET.IMAGE_SIZE and ` +
        "DATASET.TRANSFORM change",
    );
  }
  return { inMemory, size };
}

/** What is done with images, as the end of a sentence. */
function kept({ inMemory, size }: FolderSize): string {
  return inMemory
    ? `shown as ${size} x ${size} and kept in memory, as CIFAR's`
    : `cut to ${size} x ${size}, as ImageNet's`;
}

/** The headers of some images, of others where none of those can be read. */
async function look(
  { ON_CORRUPT }: DatasetConfig,
  { root, paths }: FolderImages,
  pool: DecodePool,
): Promise<readonly ImageHeader[]> {
  const { headers, failures } = await probeImages(root, paths, pool);
  if (headers.length > 0) return headers;
  const [{ path, reason }] = failures;
  throw new UserError(
    ON_CORRUPT === "skip"
      ? `none of ${failures.length} images looked at can be decoded; the first is ${
        shown(path, 400)
      }: ${reason}`
      : `cannot decode ${
        shown(path, 400)
      }: ${reason}; repair or remove it, or set DATASET.ON_CORRUPT skip`,
  );
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

/** The number that is there most often, the largest of those. */
function commonest(numbers: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return Math.max(...[...counts].filter(([, count]) => count === most).map(([number]) => number));
}

function rangeOf(headers: readonly ImageHeader[]): string {
  const sizes = headers.toSorted((a, b) => a.width * a.height - b.width * b.height);
  const [first, last] = [sizes[0], sizes.at(-1)!].map(({ width, height }) =>
    `${width} x ${height}`
  );
  return first === last ? first : `${first} to ${last}`;
}
