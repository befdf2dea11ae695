import {
  cropPadding,
  drawAugmentation,
  NO_AUGMENTATION,
  writeImage,
  writeImageBytes,
} from "../augment/augment.ts";
import { ImageAugmenter } from "../augment/image_augmenter.ts";
import type { Batch, BatchSource, LoaderOptions } from "./batch.ts";
import { BatchPlan } from "./batch_plan.ts";
import { type Dataset, type ImageDataset, isFileDataset } from "../image_dataset.ts";
import { normalisationTable } from "../images/normalisations.ts";
import { KeyedRandom } from "../random.ts";
import { StreamLoader } from "./stream_loader.ts";

export type { Batch, LoaderOptions } from "./batch.ts";

/** Batches in use at a time: the one before, the current one and the one being made. */
const RING = 3;

interface Slot {
  images: Float32Array;
  labels: Int32Array;
  indices: Int32Array;
}

/**
 * Makes batches of a data set in memory. What an image looks like is a function of seed, epoch and its position in the
 * data set, so an epoch can be taken up in its middle. While the caller waits for the device, the next batch is made.
 */
export class DataLoader implements BatchSource {
  /** Batches in an epoch. */
  readonly length: number;
  /** Images in an epoch. */
  readonly images: number;
  /** The data set the batches come from. */
  readonly dataset: ImageDataset;
  /** Milliseconds spent making batches between two steps. */
  aheadMilliseconds = 0;
  readonly #options: LoaderOptions;
  readonly #plan: BatchPlan;
  readonly #table: Float32Array;
  readonly #random = new KeyedRandom();
  readonly #padding: number;
  readonly #augmenter: ImageAugmenter | null;
  readonly #slots: Slot[];
  #run = 0;
  #made = 0;

  /**
   * Allocates the batches.
   *
   * @throws {UserError} where there is no image, with `dropLast` less than one training batch, or where `augment` does not
   * go with the channels
   * @throws {RangeError} where an option of `augment` is out of its range, TypeError for an unknown one
   */
  constructor(dataset: ImageDataset, options: LoaderOptions) {
    const { augment } = options;
    this.dataset = dataset;
    this.#options = options;
    this.#plan = new BatchPlan(dataset, options);
    const { images, length, room } = this.#plan;
    this.images = images;
    this.length = length;
    this.#table = normalisationTable(dataset.mean, dataset.std);
    this.#padding = options.padding ?? cropPadding(dataset.width);
    this.#augmenter = options.train && augment ? new ImageAugmenter(augment, dataset) : null;
    const imageSize = dataset.channels * dataset.height * dataset.width;
    this.#slots = Array.from({ length: RING }, () => ({
      images: new Float32Array(room * imageSize),
      labels: new Int32Array(room),
      indices: new Int32Array(room),
    }));
  }

  /**
   * The batches of an epoch. Only one epoch of a loader can be under way.
   *
   * @param epoch the epoch, counted from 1
   * @param options.startStep how many batches to skip, to go on where a run stopped; default 0
   */
  *epoch(epoch: number, options: { startStep?: number } = {}): Generator<Batch, void, void> {
    const run = ++this.#run;
    this.#plan.begin(epoch);
    let ready: Batch | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      for (let step = options.startStep ?? 0; step < this.length; step++) {
        clearTimeout(timer);
        const batch: Batch = ready ?? this.#make(epoch, step);
        ready = null;
        if (step + 1 < this.length) {
          timer = setTimeout(() => {
            if (run !== this.#run) return;
            const start = performance.now();
            ready = this.#make(epoch, step + 1);
            this.aheadMilliseconds += performance.now() - start;
          });
        }
        yield batch;
        if (run !== this.#run) {
          throw new Error("another epoch of this loader was started before this one ended");
        }
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Nothing works for it in the background but a timer, which ends with its epoch. */
  close(): void {}

  #make(epoch: number, step: number): Batch {
    const { train, seed } = this.#options;
    const { images, labels, indices } = this.#slots[this.#made++ % RING];
    const { positions, key, part } = this.#plan.batch(step);
    const size = positions.length;
    const imageSize = images.length / labels.length;
    for (let i = 0; i < size; i++) {
      const position = positions[i];
      indices[i] = position;
      labels[i] = this.dataset.labels[position];
      let augmentation = NO_AUGMENTATION;
      if (train) {
        this.#random.reset(seed ?? 0, epoch, key(i));
        augmentation = drawAugmentation(this.#random, this.#padding);
      }
      const canvas = this.#augmenter?.canvas;
      if (canvas) {
        writeImageBytes(canvas.data, this.dataset, position, augmentation);
        this.#augmenter!.write(this.#random, images, i * imageSize);
      } else {
        writeImage(images, i * imageSize, this.dataset, position, this.#table, augmentation);
      }
      this.#augmenter?.erase(this.#random, images, i * imageSize);
    }
    images.fill(0, size * imageSize);
    labels.fill(0, size);
    indices.fill(-1, size);
    return { images, labels, indices, size, ...(part && { part }) };
  }
}

/**
 * The loader that fits where a data set's images are: in memory or in files.
 *
 * @throws {UserError} where there is no image, or with `dropLast` less than one training batch
 */
export function createLoader(dataset: Dataset, options: LoaderOptions): BatchSource {
  return isFileDataset(dataset)
    ? new StreamLoader(dataset, options)
    : new DataLoader(dataset, options);
}
