import { checkOptions, type OptionNames } from "../../options.ts";
import { KeyedRandom } from "../random.ts";

/** How {@linkcode Mixer} mixes the images of a batch in pairs; timm: `Mixup` in batch mode. */
export interface MixOptions {
  /** Of the Beta distribution that mixup's share comes from; 0, the default, is no mixup. */
  mixupAlpha?: number;
  /** Of the Beta distribution that CutMix's share comes from; 0, the default, is no CutMix. */
  cutmixAlpha?: number;
  /** Share of the batches that are mixed, 0 to 1; default 1. */
  prob?: number;
  /** Where both are on, the share of the mixed batches that CutMix mixes, 0 to 1; default 0.5. */
  switchProb?: number;
  /** Seed of what is drawn; default 0. */
  seed?: number;
}

const OPTIONS: OptionNames<MixOptions> = {
  ...{ mixupAlpha: true, cutmixAlpha: true, prob: true, switchProb: true, seed: true },
};

/** First and last row, first and last column of a part of an image; the last ones are not in it. */
export type Box = readonly [top: number, bottom: number, left: number, right: number];

/** How a batch is mixed: image n with image N - 1 - n. */
export interface Mix {
  /** What an image counts in the sum of both, outside of the box; the other counts the rest. */
  readonly weight: number;
  /** The part that both exchange. */
  readonly box: Box;
  /** Share of the image's own label; that of the other has the rest. */
  readonly share: number;
}

/** A batch as it is. */
export const UNMIXED: Mix = { weight: 1, box: [0, 0, 0, 0], share: 1 };

/** Keeps what is drawn apart from the shuffle and the augmentation of the same seed. */
const STREAM = 0x6d697831;

/** Draws how batches are mixed: a function of seed, epoch and step, so that a resumed run mixes as it would have. */
export class Mixer {
  readonly #options: Required<MixOptions>;
  readonly #random = new KeyedRandom();

  /** @throws RangeError where a number is out of its range, TypeError for unknown options. */
  constructor(options: MixOptions) {
    checkOptions("Mixer", options, OPTIONS);
    const { mixupAlpha = 0, cutmixAlpha = 0, prob = 1, switchProb = 0.5, seed = 0 } = options;
    this.#options = { mixupAlpha, cutmixAlpha, prob, switchProb, seed };
    for (const [name, value] of Object.entries({ mixupAlpha, cutmixAlpha })) {
      if (value >= 0 && value < Infinity) continue;
      throw new RangeError(`Mixer with ${name} ${value}: a number of at least 0 wanted`);
    }
    for (const [name, value] of Object.entries({ prob, switchProb })) {
      if (value >= 0 && value <= 1) continue;
      throw new RangeError(`Mixer with ${name} ${value}: 0 to 1 wanted`);
    }
  }

  /** Whether any batch is mixed. */
  get on(): boolean {
    const { mixupAlpha, cutmixAlpha, prob } = this.#options;
    return prob > 0 && mixupAlpha + cutmixAlpha > 0;
  }

  /**
   * How a batch of images [N, channels, height, width] is mixed. timm: `Mixup._params_per_batch`.
   *
   * @param epoch counted from 1
   * @param step of the epoch, counted from 0
   */
  draw(epoch: number, step: number, height: number, width: number): Mix {
    const { mixupAlpha, cutmixAlpha, prob, switchProb, seed } = this.#options;
    const random = this.#random;
    random.reset(seed ^ STREAM, epoch, step);
    if (!this.on || uniform(random) >= prob) return UNMIXED;
    const cuts = cutmixAlpha > 0 && (mixupAlpha === 0 || uniform(random) < switchProb);
    const share = beta(random, cuts ? cutmixAlpha : mixupAlpha);
    if (!cuts) return { weight: share, box: UNMIXED.box, share };
    return cutMix(share, random.below(height), random.below(width), height, width);
  }
}

/**
 * CutMix with a rectangle of `1 - share` of the area around a pixel; what lies outside of the image is cut off, and the
 * shares are those of the rest. timm: `cutmix_bbox_and_lam`.
 */
export function cutMix(share: number, y: number, x: number, height: number, width: number): Mix {
  const ratio = Math.sqrt(1 - share);
  const [top, bottom] = ends(y, Math.floor(height * ratio), height);
  const [left, right] = ends(x, Math.floor(width * ratio), width);
  const area = (bottom - top) * (right - left);
  return { weight: 1, box: [top, bottom, left, right], share: 1 - area / (height * width) };
}

/** Begin and end of a stretch around a place, within `size`. */
function ends(place: number, length: number, size: number): [number, number] {
  const first = place - Math.floor(length / 2);
  return [Math.max(0, first), Math.min(size, first + length)];
}

/** Greater than 0 and less than 1. */
function uniform(random: KeyedRandom): number {
  return (random.next() + 0.5) / 2 ** 32;
}

/** From Beta(alpha, alpha), as one of two gamma variates' share of their sum. */
function beta(random: KeyedRandom, alpha: number): number {
  return 1 / (1 + Math.exp(logGamma(random, alpha) - logGamma(random, alpha)));
}

/**
 * Logarithm of a variate of Gamma(alpha, 1), which itself may be too small for a float64. Source: Marsaglia and Tsang, A
 * simple method for generating gamma variables, 2000; for alpha below 1 with its section 6.
 */
function logGamma(random: KeyedRandom, alpha: number): number {
  if (alpha < 1) return logGamma(random, alpha + 1) + Math.log(uniform(random)) / alpha;
  const d = alpha - 1 / 3;
  for (;;) {
    const x = normal(random);
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v <= 0) continue;
    if (Math.log(uniform(random)) < x * x / 2 + d * (1 - v + Math.log(v))) {
      return Math.log(d) + Math.log(v);
    }
  }
}

/** From the standard normal distribution, by Box and Muller. */
function normal(random: KeyedRandom): number {
  const radius = Math.sqrt(-2 * Math.log(uniform(random)));
  return radius * Math.cos(2 * Math.PI * uniform(random));
}
