import { join } from "node:path";
import { UserError } from "../../errors.ts";
import { cacheFingerprint } from "../cache/cache_fingerprint.ts";
import { PackedCache } from "../cache/packed_cache.ts";
import type { DatasetCallbacks } from "../dataset_config.ts";
import { FileDecoder } from "../decode/file_decoder.ts";
import type { FileDataset, ImageDataset } from "../image_dataset.ts";

const MAX_BYTES = 8 * 2 ** 30;
/** Images decoded between two reports of progress. */
const PART = 2048;
const CHUNK = 32;

async function openCache({ source }: FileDataset): Promise<PackedCache | null> {
  const { cacheRoot, root, paths, transform: { resize, size }, onWarning } = source;
  if (cacheRoot === null) return null;
  const fingerprint = await cacheFingerprint(root, paths, `eval ${resize} ${size}`);
  return PackedCache.open(join(cacheRoot, fingerprint), paths.length, onWarning);
}

/**
 * Decodes all images of a data set.
 *
 * @throws {UserError} where they are too many to keep, or one cannot be decoded and DATASET.ON_CORRUPT is `error`
 */
export async function readIntoMemory(
  dataset: FileDataset,
  { onProgress }: DatasetCallbacks,
): Promise<ImageDataset> {
  const { length, channels, height, width, name } = dataset;
  const imageSize = channels * height * width;
  if (length * imageSize > MAX_BYTES) {
    throw new UserError(
      `the ${length} images of ${name} would take ${
        Math.round(length * imageSize / 2 ** 30)
      } GiB of memory; set DATASET.TRANSFORM imagenet to read them as they are wanted, or a smaller DATASET.IMAGE_SIZE`,
    );
  }
  const target = new SharedArrayBuffer(length * imageSize);
  const decoder = new FileDecoder(dataset, await openCache(dataset));
  const kept = new Int32Array(length);
  try {
    onProgress?.(0, length, `images of ${name}`);
    for (let first = 0; first < length; first += PART) {
      const count = Math.min(PART, length - first);
      const positions = Int32Array.from({ length: count }, (_, i) => first + i);
      const options = { seed: 0, epoch: 0, replace: false, chunk: CHUNK };
      kept.set(
        await decoder.decode(positions, { form: "bytes", target, first, ...options }),
        first,
      );
      onProgress?.(first + count, length, `images of ${name}`);
    }
  } finally {
    decoder.close();
  }
  if (kept.every((position) => position < 0)) {
    throw new UserError(`no image of ${name} can be decoded`);
  }
  return compact(dataset, new Uint8Array(target), kept);
}

/** The data set without the images that were left out. */
function compact(dataset: FileDataset, images: Uint8Array, kept: Int32Array): ImageDataset {
  const { source: { root, paths }, ids, ...info } = dataset;
  const positions = kept.filter((position) => position >= 0);
  const size = images.length / kept.length;
  for (const [to, from] of positions.entries()) {
    if (to < from) images.copyWithin(to * size, from * size, (from + 1) * size);
  }
  return {
    ...info,
    length: positions.length,
    labels: Int32Array.from(positions, (position) => dataset.labels[position]),
    images: images.subarray(0, positions.length * size),
    files: { root, paths, ids: positions.map((position) => ids[position]) },
  };
}
