import { UserError } from "../errors.ts";
import type { AugmentOptions } from "./augment/image_augmenter.ts";
import type { DatasetInfo } from "./image_dataset.ts";
import { Sampler } from "./sampler.ts";

/** One batch. Its arrays are used again: they hold until the next batch is asked for. */
export interface Batch {
  /** Normalised images, [batchSize, channels, height, width]; zeros past `size`. */
  readonly images: Float32Array;
  /** Class of each image, [batchSize]; 0 past `size`. */
  readonly labels: Int32Array;
  /** Position of each image in the data set, [batchSize]; -1 past `size`. */
  readonly indices: Int32Array;
  /** How many of the images are real. */
  readonly size: number;
}

/** How a data set is turned into batches. */
export interface LoaderOptions {
  /** Images in a batch. */
  readonly batchSize: number;
  /** True shuffles and augments; false goes through all images in order. */
  readonly train: boolean;
  /** Whether training leaves out the images that fill no whole batch; default false. */
  readonly dropLast?: boolean;
  /** What training draws: every image once, or as many so that each class comes as often; default `shuffle`. */
  readonly sampler?: "shuffle" | "balanced";
  /** Seed of order and augmentation; default 0. */
  readonly seed?: number;
  /** Pixels of padding for the random crop of images in memory; default `cropPadding()` of the width. */
  readonly padding?: number;
  /** What training images are varied by behind the crop and the mirror; default nothing. */
  readonly augment?: AugmentOptions;
  /** This process's number, from 0; default 0. */
  readonly rank?: number;
  /** How many processes share the data; default 1. */
  readonly worldSize?: number;
}

/** Batches of a data set, epoch by epoch, wherever its images are. */
export interface BatchSource {
  /** Batches in an epoch. */
  readonly length: number;
  /** Images in an epoch: all whole batches, and what the last one holds. */
  readonly images: number;
  /** What the batches come from. */
  readonly dataset: DatasetInfo;
  /** Milliseconds this thread has spent making batches while nobody waited for one. */
  readonly aheadMilliseconds: number;
  /**
   * The batches of an epoch, to go through with `for await`. Only one epoch can be under way.
   *
   * @param epoch the epoch, counted from 1
   * @param options.startStep how many batches to skip, to go on where a run stopped; default 0
   */
  epoch(
    epoch: number,
    options?: { startStep?: number },
  ): Iterable<Batch> | AsyncIterable<Batch>;
  /** Ends what works for it in the background. */
  close(): void;
}

/**
 * The images of a loader's epochs, in their order: drawn anew for each epoch of training.
 *
 * @throws {UserError} where there is no image, or with `dropLast` less than one training batch
 */
export function samplerOf(dataset: DatasetInfo, options: LoaderOptions): Sampler {
  checkBatchSize(dataset, options);
  const { length } = dataset;
  const { train, seed, rank, worldSize } = options;
  const balance = options.sampler === "balanced" ? dataset.labels : null;
  return new Sampler({ length, seed, rank, worldSize, balance, shuffle: train, dropLast: train });
}

/** Refuses a batch size that gives no batch. */
function checkBatchSize(dataset: DatasetInfo, options: LoaderOptions): void {
  const { batchSize, train, dropLast, worldSize = 1 } = options;
  if (dataset.length === 0) throw new UserError(`${dataset.name} has no images`);
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new RangeError(`a batch size is an integer of at least 1; got ${batchSize}`);
  }
  if (!train) return;
  const share = Math.floor(dataset.length / worldSize);
  const has = `${dataset.name} has ${dataset.length} image${dataset.length === 1 ? "" : "s"}`;
  if (share === 0) throw new UserError(`${has}, less than one for each of ${worldSize} processes`);
  if (dropLast && share < batchSize) {
    const each = worldSize > 1 ? `, ${share} for each process` : "";
    throw new UserError(
      `${has}${each}: that is less than one batch of ${batchSize}, and SOLVER.DROP_LAST leaves out what fills ` +
        "none; set it False, or use a smaller SOLVER.BATCH_SIZE",
    );
  }
}

/**
 * Images of an epoch that has `available`. Training leaves out a rest of one image even without `dropLast`: it has no
 * variance to normalise by, and no neighbours to be compared with. Where it is all there is, it is trained on.
 */
export function imagesOfEpoch(
  available: number,
  { batchSize, train, dropLast = false }: LoaderOptions,
): number {
  const rest = available % batchSize;
  const left = dropLast || (rest === 1 && batchSize > 1 && available > 1);
  return train && left ? available - rest : available;
}
