import { UserError } from "../../errors.ts";
import type { BatchPart, LoaderOptions } from "./batch.ts";
import type { DatasetInfo } from "../image_dataset.ts";
import { Sampler } from "./sampler.ts";

/** The images of one batch that this process has. */
interface PlannedBatch {
  /** Their positions in the data set. */
  readonly positions: Int32Array;
  /** The key of the random numbers that vary one of them, by its place among the positions. */
  readonly key: (at: number) => number;
  /** What of the whole batch they are; missing where they are all of it. */
  readonly part?: BatchPart;
}

/**
 * Which images are in a loader's batches. Where several processes share the data, every batch of training is divided among
 * them, and an evaluation's images are, one after another. What an image looks like, and which batch it is in, does not
 * depend on how many processes there are.
 */
export class BatchPlan {
  /** Batches in an epoch; in an evaluation those of this process. */
  readonly length: number;
  /** Images in an epoch; in an evaluation those of this process. */
  readonly images: number;
  /** Images of this process that a batch has at most. */
  readonly room: number;
  readonly #sampler: Sampler;
  /** This process's images of an evaluation, from and up to. */
  readonly #range: readonly [number, number] | null;
  #order: Int32Array = new Int32Array();

  /**
   * Divides the data.
   *
   * @throws {UserError} where there is no image, with `dropLast` less than one training batch, or fewer pairs of images in a
   * batch than there are processes
   * @throws {RangeError} for a batch size or a rank that there is not
   */
  constructor(readonly dataset: DatasetInfo, readonly options: LoaderOptions) {
    checkSizes(dataset, options);
    const { batchSize, train, seed, sampler, rank = 0, worldSize = 1 } = options;
    const { length } = dataset;
    const balance = sampler === "balanced" ? dataset.labels : null;
    this.#sampler = new Sampler({ length, seed, balance, shuffle: train });
    if (train) {
      this.#range = null;
      this.images = imagesOfEpoch(length, options);
      const sizes = [batchSize, this.images % batchSize].filter((size) => size > 0);
      const own = sizes.map((size) => placesOf(size, rank, worldSize).places.length);
      this.room = Math.max(...own);
    } else {
      this.#range = [rank, rank + 1].map((each) => Math.floor(length * each / worldSize)) as [
        number,
        number,
      ];
      this.images = this.#range[1] - this.#range[0];
      this.room = batchSize;
    }
    this.length = Math.ceil(this.images / batchSize);
  }

  /** Draws the order of an epoch, counted from 1. */
  begin(epoch: number): void {
    const order = this.#sampler.order(epoch);
    this.#order = this.#range ? order.subarray(...this.#range) : order;
  }

  /** A batch of the epoch under way, counted from 0. */
  batch(step: number): PlannedBatch {
    const { batchSize, train, rank = 0, worldSize = 1 } = this.options;
    const first = step * batchSize;
    const whole = this.#order.slice(first, Math.min(first + batchSize, this.images));
    if (!train || worldSize === 1) return { positions: whole, key: this.#keys(whole, first) };
    const { places, spare } = placesOf(whole.length, rank, worldSize);
    const key = this.#keys(whole, first);
    const labels = whole.map((position) => this.dataset.labels[position]);
    return {
      positions: Int32Array.from(places, (place) => whole[place]),
      key: (at) => key(places[at]),
      part: { places, spare, labels, indices: whole },
    };
  }

  #keys(positions: Int32Array, first: number): (at: number) => number {
    return (at) => this.#sampler.key(first + at, positions[at]);
  }
}

/**
 * The places in a batch of the images that one of several processes has. Images are dealt in the pairs that mixup and CutMix
 * mix, the first with the last and so on: so each process mixes its own, and none has a single image, which has no variance
 * and no neighbour. Later processes have a pair more where the pairs do not come out even, the last one the image in the
 * middle of an odd number. Where there are fewer pairs than processes, the first have none: they take the batch's first pair
 * too, which is `spare` and counts nothing.
 */
export function placesOf(
  size: number,
  rank: number,
  worldSize: number,
): { places: Int32Array; spare: boolean } {
  const pairs = Math.floor(size / 2);
  const [each, over] = [Math.floor(pairs / worldSize), pairs % worldSize];
  const start = (of: number) => each * of + Math.max(0, of - (worldSize - over));
  let [from, to] = [start(rank), start(rank + 1)];
  const last = rank === worldSize - 1;
  const spare = from === to && !(last && size % 2 === 1);
  if (spare) [from, to] = [0, Math.min(1, pairs)];
  const front = Array.from({ length: to - from }, (_, i) => from + i);
  const back = front.map((place) => size - 1 - place).reverse();
  const alone = spare && pairs === 0;
  const middle = (last && size % 2 === 1) || alone ? [pairs] : [];
  return { places: Int32Array.from([...front, ...middle, ...back]), spare };
}

/**
 * Images of an epoch that has `available`. Training leaves out a rest of one image even without `dropLast`: it has no
 * variance to normalise by, and no neighbours to be compared with. Where it is all there is, it is trained on.
 */
function imagesOfEpoch(
  available: number,
  { batchSize, dropLast = false }: LoaderOptions,
): number {
  const rest = available % batchSize;
  const left = dropLast || (rest === 1 && batchSize > 1 && available > 1);
  return left ? available - rest : available;
}

/** Refuses what gives no batch, or none to some process. */
function checkSizes(dataset: DatasetInfo, options: LoaderOptions): void {
  const { batchSize, train, dropLast, rank = 0, worldSize = 1 } = options;
  if (!(worldSize >= 1 && rank >= 0 && rank < worldSize)) {
    throw new RangeError(`rank must be from 0 to ${worldSize - 1}; got ${rank}`);
  }
  if (dataset.length === 0) throw new UserError(`${dataset.name} has no images`);
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new RangeError(`a batch size is an integer of at least 1; got ${batchSize}`);
  }
  if (!train) return;
  const has = `${dataset.name} has ${dataset.length} image${dataset.length === 1 ? "" : "s"}`;
  if (dropLast && dataset.length < batchSize) {
    throw new UserError(
      `${has}: that is less than one batch of ${batchSize}, and SOLVER.DROP_LAST leaves out what fills ` +
        "none; set it False, or use a smaller SOLVER.BATCH_SIZE",
    );
  }
  if (worldSize > 1 && batchSize < 2 * worldSize) {
    throw new UserError(
      `a batch of ${batchSize} images is divided among ${worldSize} processes, each of which wants at least 2; set ` +
        `SOLVER.BATCH_SIZE ${
          2 * worldSize
        } or more (it is that of all processes together), or start fewer`,
    );
  }
}
