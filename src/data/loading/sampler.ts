import { KeyedRandom } from "../random.ts";

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
}

/**
 * Which images an epoch visits, in which order: a function of seed and epoch alone. It is a Fisher-Yates shuffle or, to
 * balance classes, as many draws with replacement of first a class and then an image of it: PyTorch's
 * `WeightedRandomSampler` with weights 1 / images of the class. Several processes have the same order, of which each takes
 * its part of every batch (`BatchPlan`).
 */
export class Sampler {
  readonly #options: Required<Omit<SamplerOptions, "balance">>;
  /** Positions of the images of every class that has some, to balance them. */
  readonly #classes: readonly (readonly number[])[] | null;

  /** Fixes what is drawn from. */
  constructor(options: SamplerOptions) {
    const { length, seed = 0, shuffle = true } = options;
    this.#options = { length, seed, shuffle };
    this.#classes = shuffle && options.balance ? byClass(options.balance) : null;
  }

  /** The positions of the images in an epoch, counted from 1. */
  order(epoch: number): Int32Array {
    const { length, seed, shuffle } = this.#options;
    const all = Int32Array.from({ length }, (_, i) => i);
    const random = new KeyedRandom(seed, epoch, ORDER_STREAM);
    if (this.#classes) drawBalanced(all, this.#classes, random);
    else if (shuffle) shuffleInPlace(all, random);
    return all;
  }

  /**
   * The key of the random numbers that vary an image: its position in the data set, or its place in a balanced epoch, which
   * may draw an image more than once.
   *
   * @param place in the epoch
   * @param position in the data set
   */
  key(place: number, position: number): number {
    return this.#classes ? place : position;
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
