import { KeyedRandom } from "./random.ts";

/** The stream of the order; the augmentation of image i uses stream i. */
const ORDER_STREAM = 0xffffffff;

/** What a sampler draws from, and how. */
interface SamplerOptions {
  /** How many images the data set has. */
  readonly length: number;
  /** Seed of the shuffle; default 0. */
  readonly seed?: number;
  /** Whether each epoch has its own order; default true. */
  readonly shuffle?: boolean;
  /** Class of each image, where each class is to be drawn as often; default null, which takes every image once. */
  readonly balance?: Int32Array | null;
  /** This process's number, from 0; default 0. */
  readonly rank?: number;
  /** How many processes share the data; default 1. */
  readonly worldSize?: number;
  /** Give every process the same count by leaving images out (true) or by using some twice (false, the default). */
  readonly dropLast?: boolean;
}

/**
 * Which images an epoch visits, in which order: a function of seed and epoch alone. It is a Fisher-Yates shuffle or, to
 * balance classes, as many draws with replacement of first a class and then an image of it: PyTorch's
 * `WeightedRandomSampler` with weights 1 / images of the class. With several processes, process r takes the images at r,
 * r + worldSize, ... of that order, as PyTorch's `DistributedSampler` does.
 */
export class Sampler {
  /** How many images this process visits in an epoch. */
  readonly length: number;
  readonly #options: Required<Omit<SamplerOptions, "balance">>;
  /** Positions of the images of every class that has some, to balance them. */
  readonly #classes: readonly (readonly number[])[] | null;

  /**
   * Fixes what is drawn from.
   *
   * @throws {RangeError} where the rank is not one of the processes
   */
  constructor(options: SamplerOptions) {
    const { length, seed = 0, shuffle = true, rank = 0, worldSize = 1, dropLast = false } = options;
    this.#options = { length, seed, shuffle, rank, worldSize, dropLast };
    this.#classes = shuffle && options.balance ? byClass(options.balance) : null;
    if (!(worldSize >= 1 && rank >= 0 && rank < worldSize)) {
      throw new RangeError(`rank must be from 0 to ${worldSize - 1}; got ${rank}`);
    }
    this.length = (dropLast ? Math.floor : Math.ceil)(length / worldSize);
  }

  /** The positions of this process's images in an epoch, counted from 1. */
  order(epoch: number): Int32Array {
    const { length, seed, shuffle, rank, worldSize } = this.#options;
    const all = Int32Array.from({ length }, (_, i) => i);
    const random = new KeyedRandom(seed, epoch, ORDER_STREAM);
    if (this.#classes) drawBalanced(all, this.#classes, random);
    else if (shuffle) shuffleInPlace(all, random);
    if (worldSize === 1) return all;
    return Int32Array.from({ length: this.length }, (_, i) => all[(i * worldSize + rank) % length]);
  }
  /**
   * The key of the random numbers that vary an image: its position in the data set, or its place in a balanced epoch, which
   * may draw an image more than once.
   *
   * @param place in this process's part of the epoch
   * @param position in the data set
   */
  key(place: number, position: number): number {
    const { rank, worldSize } = this.#options;
    return this.#classes ? place * worldSize + rank : position;
  }
}

function byClass(labels: Int32Array): number[][] {
  const positions = new Map<number, number[]>();
  for (const [i, label] of labels.entries()) {
    const own = positions.get(label);
    if (own) own.push(i);
    else positions.set(label, [i]);
  }
  return [...positions].sort(([a], [b]) => a - b).map(([, own]) => own);
}

function shuffleInPlace(all: Int32Array, random: KeyedRandom): void {
  for (let i = all.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [all[i], all[j]] = [all[j], all[i]];
  }
}

function drawBalanced(
  all: Int32Array,
  classes: readonly (readonly number[])[],
  random: KeyedRandom,
): void {
  for (let i = 0; i < all.length; i++) {
    const own = classes[random.below(classes.length)];
    all[i] = own[random.below(own.length)];
  }
}
