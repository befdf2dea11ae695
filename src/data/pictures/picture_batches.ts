import type { DecodePool } from "../decode/decode_pool.ts";
import { type Preprocessing, transformOf } from "../preprocessing.ts";
import type { Picture } from "./find_pictures.ts";

/** Pictures that were decoded together. */
export interface PictureBatch {
  /** As the model sees them, [batchSize, channels, height, width]; anything where a picture could not be read. */
  readonly images: Float32Array;
  /** The pictures, in their order. */
  readonly pictures: readonly Picture[];
  /** Why a picture could not be read, by its place in the batch. */
  readonly failures: ReadonlyMap<number, string>;
  /** The first picture that is grey of more than 8 bits; undefined where there is none. */
  readonly deepGrey?: Picture;
}

/** How pictures are decoded. */
interface BatchOptions {
  /** What becomes of each. */
  readonly preprocessing: Preprocessing;
  /** Pictures in a batch. */
  readonly batchSize: number;
  /** Who decodes. The caller acquires and releases it. */
  readonly pool: DecodePool;
}

/** Batches being decoded while one is used. */
const AHEAD = 2;
/** Pictures that a worker gets at a time, of small and of large ones. */
const CHUNK = { small: 32, large: 8 };
/** Side up to which a picture is small, in pixels. */
const SMALL = 64;

/**
 * Decodes pictures as an evaluation does, some batches ahead of the one in use. The images of a batch hold until the next
 * one is asked for.
 */
export async function* pictureBatches(
  pictures: readonly Picture[],
  options: BatchOptions,
): AsyncGenerator<PictureBatch, void, void> {
  const { preprocessing: { channels, height, width }, batchSize, pool } = options;
  const imageSize = channels * height * width;
  const chunk = Math.min(
    height * width <= SMALL ** 2 ? CHUNK.small : CHUNK.large,
    Math.ceil(batchSize / Math.max(1, pool.workers)),
  );
  const ahead = Math.max(AHEAD, Math.ceil(2 * chunk * pool.workers / batchSize));
  const targets: SharedArrayBuffer[] = [];
  // WebGPU takes no shared memory.
  const images = new Float32Array(batchSize * imageSize);
  const queue: Promise<Decoded>[] = [];
  let next = 0;
  const fill = () => {
    for (; queue.length < ahead && next * batchSize < pictures.length; next++) {
      const target = targets[next % ahead] ??= new SharedArrayBuffer(4 * images.length);
      const part = pictures.slice(next * batchSize, (next + 1) * batchSize);
      const decoded = decode(part, target, chunk, options);
      // Whoever waits for it sees the error; nobody may, where the batches are left early.
      decoded.catch(() => {});
      queue.push(decoded);
    }
  };
  for (fill(); queue.length > 0;) {
    const { target, ...batch } = await queue.shift()!;
    images.set(new Float32Array(target));
    fill();
    yield { ...batch, images };
  }
}

interface Decoded extends Omit<PictureBatch, "images"> {
  readonly target: SharedArrayBuffer;
}

async function decode(
  pictures: readonly Picture[],
  target: SharedArrayBuffer,
  chunk: number,
  { preprocessing, pool }: BatchOptions,
): Promise<Decoded> {
  const failures = new Map<number, string>();
  let deepGrey: Picture | undefined;
  const transform = transformOf(preprocessing);
  const jobs: Promise<void>[] = [];
  for (let first = 0; first < pictures.length; first += chunk) {
    const part = pictures.slice(first, first + chunk);
    const items = part.map(({ path, bytes }, i) => {
      return { path, bytes, at: first + i, position: 0, cached: null };
    });
    const job = { form: "eval", transform, items, target, seed: 0, epoch: 0 } as const;
    jobs.push(
      pool.run({ ...job, cacheFolder: null, store: false }).then((result) => {
        for (const { item, reason } of result.failures) failures.set(first + item, reason);
        if (result.deepGrey !== null) deepGrey ??= part[result.deepGrey];
      }),
    );
  }
  await Promise.all(jobs);
  return { pictures, target, failures, deepGrey };
}
