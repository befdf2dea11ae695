import type { AugmentOptions } from "../augment/image_augmenter.ts";
import type { DatasetInfo } from "../image_dataset.ts";

/** What of a batch a process has that shares it with others. */
export interface BatchPart {
  /** The place in the whole batch of each of its images. */
  readonly places: Int32Array;
  /** Whether another process has these images too, and they count nothing here, since there were too few for all. */
  readonly spare: boolean;
  /** Class of every image of the whole batch. */
  readonly labels: Int32Array;
  /** Position in the data set of every image of the whole batch. */
  readonly indices: Int32Array;
}

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
  /** What of the whole batch this is, where several processes share one. */
  readonly part?: BatchPart;
}

/** How a data set is turned into batches. */
export interface LoaderOptions {
  /** Images in a batch: of training, in those of all processes together. */
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
  /** Images in an epoch: all whole batches, and what the last one holds; in an evaluation, those of this process. */
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
