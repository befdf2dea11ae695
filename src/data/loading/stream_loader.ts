import { join } from "node:path";
import type { Batch, BatchPart, BatchSource, LoaderOptions } from "./batch.ts";
import { BatchPlan } from "./batch_plan.ts";
import { cacheFingerprint } from "../cache/cache_fingerprint.ts";
import { PackedCache } from "../cache/packed_cache.ts";
import type { DecodeForm } from "../decode/decode_job.ts";
import { FileDecoder } from "../decode/file_decoder.ts";
import { ImageAugmenter } from "../augment/image_augmenter.ts";
import type { FileDataset } from "../image_dataset.ts";

/** Batches being made while one is used. */
const AHEAD = 2;
/** Images a worker gets at a time. */
const CHUNK = 8;

/** A batch that the workers have filled. */
interface Made {
  /** Its images, [batchSize, 3, height, width]. */
  readonly images: Float32Array;
  /** Position of each image; -1 where one was left out. */
  readonly positions: Int32Array;
  /** What of the whole batch it is. */
  readonly part?: BatchPart;
}

/**
 * Makes batches of image files: worker threads decode, cut and normalise them into shared memory, some batches ahead
 * of the one in use. What an image looks like is a function of seed, epoch and its position in the data set, however
 * many workers there are and whichever is first.
 */
export class StreamLoader implements BatchSource {
  /** Batches in an epoch. */
  readonly length: number;
  /** Images in an epoch. */
  readonly images: number;
  /** Other threads make the batches. */
  readonly aheadMilliseconds = 0;
  readonly #plan: BatchPlan;
  readonly #slots: Float32Array[] = [];
  readonly #ahead: number;
  readonly #form: DecodeForm;
  #decoder: FileDecoder | null = null;
  #batch: Batch | null = null;
  #busy: Promise<unknown> = Promise.resolve();
  #run = 0;
  #closed = false;

  /**
   * Allocates nothing yet.
   *
   * @throws {UserError} where there is no image, with `dropLast` less than one training batch, or where `augment` does not
   * go with the channels
   * @throws {RangeError} where an option of `augment` is out of its range, TypeError for an unknown one
   */
  constructor(readonly dataset: FileDataset, readonly options: LoaderOptions) {
    const { train, augment } = options;
    // Refused here rather than by a worker.
    if (train && augment) new ImageAugmenter(augment, dataset);
    this.#plan = new BatchPlan(dataset, options);
    this.images = this.#plan.images;
    this.length = this.#plan.length;
    this.#form = train ? "train" : "eval";
    const { pool } = dataset.source;
    pool.acquire();
    // Small batches are made further ahead, so that every worker has something to do.
    const busy = Math.ceil(2 * CHUNK * pool.workers / this.#plan.room);
    this.#ahead = Math.min(this.length, Math.max(AHEAD, busy));
  }

  /**
   * The batches of an epoch. Only one epoch of a loader can be under way.
   *
   * @param epoch the epoch, counted from 1
   * @param options.startStep how many batches to skip, to go on where a run stopped; default 0
   * @throws {UserError} where an image cannot be decoded and DATASET.ON_CORRUPT is `error`
   */
  async *epoch(
    epoch: number,
    options: { startStep?: number } = {},
  ): AsyncGenerator<Batch, void, void> {
    const run = ++this.#run;
    // Workers may still be writing the batches of an epoch that was left early.
    await this.#busy;
    this.#plan.begin(epoch);
    this.#decoder ??= new FileDecoder(this.dataset, await this.#openCache());
    const queue: Promise<Made>[] = [];
    let next = options.startStep ?? 0;
    const fill = () => {
      for (; queue.length < this.#ahead && next < this.length; next++) {
        const made = this.#make(epoch, next);
        // Whoever waits for it sees the error; nobody may, where the epoch is left early.
        made.catch(() => {});
        queue.push(made);
      }
    };
    try {
      for (fill(); queue.length > 0;) {
        const batch = this.#copy(await queue.shift()!);
        fill();
        yield batch;
        if (run !== this.#run) {
          throw new Error("another epoch of this loader was started before this one ended");
        }
      }
      this.#decoder?.save();
    } finally {
      this.#busy = Promise.allSettled(queue);
    }
  }

  /** Lets go of the workers, and writes the index of the cache. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#run++;
    this.dataset.source.pool.release();
    this.#decoder?.close();
    this.#decoder = null;
  }

  async #openCache(): Promise<PackedCache | null> {
    const { cacheRoot, root, paths, transform, onWarning } = this.dataset.source;
    if (cacheRoot === null) return null;
    const { size, resize, cacheSide } = transform;
    const kept = this.#form === "train" ? `train ${cacheSide}` : `eval ${resize} ${size}`;
    const folder = join(cacheRoot, await cacheFingerprint(root, paths, kept));
    return PackedCache.open(folder, paths.length, onWarning);
  }

  /** Numbers in the images of a batch. */
  get #batchValues(): number {
    const { channels, height, width } = this.dataset;
    return this.#plan.room * channels * height * width;
  }

  async #make(epoch: number, step: number): Promise<Made> {
    const { train, seed = 0, augment } = this.options;
    const images = this.#slots[step % this.#ahead] ??= new Float32Array(
      new SharedArrayBuffer(4 * this.#batchValues),
    );
    const { positions: wanted, key, part } = this.#plan.batch(step);
    const positions = await this.#decoder!.decode(wanted, {
      form: this.#form,
      target: images.buffer as SharedArrayBuffer,
      seed,
      epoch,
      key,
      augment: train ? augment : undefined,
      replace: train,
      chunk: CHUNK,
    });
    return { images, positions, part };
  }

  /** The batch in memory that WebGPU accepts, which shared memory is not, without what was left out. */
  #copy({ images: from, positions, part }: Made): Batch {
    const { room } = this.#plan;
    const { images, labels, indices } = this.#batch ??= {
      images: new Float32Array(this.#batchValues),
      labels: new Int32Array(room),
      indices: new Int32Array(room),
      size: 0,
    };
    const whole = !positions.includes(-1);
    const imageSize = images.length / room;
    if (whole) images.set(from.subarray(0, positions.length * imageSize));
    let size = 0;
    for (const [at, position] of positions.entries()) {
      if (position < 0) continue;
      if (!whole) {
        images.set(from.subarray(at * imageSize, (at + 1) * imageSize), size * imageSize);
      }
      indices[size] = position;
      labels[size++] = this.dataset.labels[position];
    }
    images.fill(0, size * imageSize);
    labels.fill(0, size);
    indices.fill(-1, size);
    return this.#batch = { images, labels, indices, size, ...(part && { part }) };
  }
}
