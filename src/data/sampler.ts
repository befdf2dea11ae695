import { KeyedRandom } from "./random.ts";

/** The stream of the shuffle; the augmentation of image i uses stream i. */
const SHUFFLE_STREAM = 0xffffffff;

/** What a sampler draws from, and how. */
interface SamplerOptions {
  /** How many images the data set has. */
  readonly length: number;
  /** Seed of the shuffle; default 0. */
  readonly seed?: number;
  /** Whether each epoch has its own order; default true. */
  readonly shuffle?: boolean;
  /** This process's number, from 0; default 0. */
  readonly rank?: number;
  /** How many processes share the data; default 1. */
  readonly worldSize?: number;
  /** Give every process the same count by leaving images out (true) or by using some twice (false, the default). */
  readonly dropLast?: boolean;
}

/**
 * Which images an epoch visits, in which order: a Fisher-Yates shuffle that is a function of seed and epoch alone. With
 * several processes, process r takes the images at r, r + worldSize, ... of that order, as PyTorch's
 * `DistributedSampler` does.
 */
export class Sampler {
  /** How many images this process visits in an epoch. */
  readonly length: number;
  readonly #options: Required<SamplerOptions>;

  /**
   * Fixes what is drawn from.
   *
   * @throws {RangeError} where the rank is not one of the processes
   */
  constructor(options: SamplerOptions) {
    const { length, seed = 0, shuffle = true, rank = 0, worldSize = 1, dropLast = false } = options;
    this.#options = { length, seed, shuffle, rank, worldSize, dropLast };
    if (!(worldSize >= 1 && rank >= 0 && rank < worldSize)) {
      throw new RangeError(`rank must be from 0 to ${worldSize - 1}; got ${rank}`);
    }
    this.length = (dropLast ? Math.floor : Math.ceil)(length / worldSize);
  }

  /** The positions of this process's images in an epoch, counted from 1. */
  order(epoch: number): Int32Array {
    const { length, seed, shuffle, rank, worldSize } = this.#options;
    const all = Int32Array.from({ length }, (_, i) => i);
    if (shuffle) {
      const random = new KeyedRandom(seed, epoch, SHUFFLE_STREAM);
      for (let i = length - 1; i > 0; i--) {
        const j = random.below(i + 1);
        [all[i], all[j]] = [all[j], all[i]];
      }
    }
    if (worldSize === 1) return all;
    return Int32Array.from({ length: this.length }, (_, i) => all[(i * worldSize + rank) % length]);
  }
}
