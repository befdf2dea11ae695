import { checkOptions, type OptionNames } from "../../options.ts";
import type { Box } from "../decode/pixels.ts";
import type { KeyedRandom } from "../random.ts";
import { round } from "./crop.ts";

/** How torchvision's `RandomErasing` overwrites a part of a normalised image. */
export interface RandomErasingOptions {
  /** How likely an image is erased in; default 0.5. */
  readonly p?: number;
  /** Least and greatest part of the image's area that is erased; default [0.02, 0.33]. */
  readonly scale?: readonly [number, number];
  /** Least and greatest height of that part for a width of 1; default [0.3, 3.3]. */
  readonly ratio?: readonly [number, number];
  /** What is put there: a number, 0 being the mean of the images, or `random`, normal noise. Default 0. */
  readonly value?: number | "random";
}

const OPTIONS: OptionNames<RandomErasingOptions> = {
  ...{ p: true, scale: true, ratio: true, value: true },
};
const TRIES = 10;

function isRange([from, to]: readonly [number, number], least: number, most: number): boolean {
  return least <= from && from <= to && to <= most;
}

function checked(options: RandomErasingOptions): Required<RandomErasingOptions> {
  checkOptions("randomErasing", options, OPTIONS);
  const { p = 0.5, scale = [0.02, 0.33], ratio = [0.3, 3.3], value = 0 } = options;
  if (!(p >= 0 && p <= 1)) {
    throw new RangeError(`randomErasing wants a probability p from 0 to 1; got ${p}`);
  }
  if (!isRange(scale, 0, 1)) {
    throw new RangeError(`randomErasing wants a scale [from, to] within 0 and 1; got [${scale}]`);
  }
  if (!isRange(ratio, Number.MIN_VALUE, Number.MAX_VALUE)) {
    throw new RangeError(`randomErasing wants a ratio [from, to] above 0; got [${ratio}]`);
  }
  if (value !== "random" && !Number.isFinite(value)) {
    throw new RangeError(`randomErasing wants a number or "random" as value; got ${value}`);
  }
  return { p, scale, ratio, value };
}

/** Overwrites a random part of an image. Source: torchvision's `RandomErasing`. */
export class RandomErasing {
  readonly #options: Required<RandomErasingOptions>;
  readonly #logRatio: readonly [number, number];

  /**
   * Erases nothing yet.
   *
   * @throws {RangeError} where an option is out of its range, TypeError for an unknown one
   */
  constructor(options: RandomErasingOptions) {
    this.#options = checked(options);
    const [from, to] = this.#options.ratio;
    this.#logRatio = [Math.log(from), Math.log(to)];
  }

  /** The part to erase; null where ten tries gave none that is lower and narrower than the image. */
  draw(
    random: Pick<KeyedRandom, "uniform" | "below">,
    height: number,
    width: number,
  ): Box | null {
    for (let i = 0; i < TRIES; i++) {
      const area = height * width * random.uniform(...this.#options.scale);
      const ratio = Math.exp(random.uniform(...this.#logRatio));
      const h = round(Math.sqrt(area * ratio));
      const w = round(Math.sqrt(area / ratio));
      if (h >= height || w >= width) continue;
      const top = random.below(height - h + 1);
      const left = random.below(width - w + 1);
      return { left, top, width: w, height: h };
    }
    return null;
  }

  /** Erases, or not, in the normalised image [channels, height, width] that starts at `offset`. */
  apply(
    target: Float32Array,
    offset: number,
    { channels, height, width }: { channels: number; height: number; width: number },
    random: KeyedRandom,
  ): void {
    const { p, value } = this.#options;
    if (random.uniform(0, 1) >= p) return;
    const box = this.draw(random, height, width);
    if (!box) return;
    for (let channel = 0; channel < channels; channel++) {
      for (let row = box.top; row < box.top + box.height; row++) {
        const from = offset + (channel * height + row) * width + box.left;
        if (value === "random") fillNormal(target, from, from + box.width, random);
        else target.fill(value, from, from + box.width);
      }
    }
  }
}

/** Independent numbers of mean 0 and deviation 1, by Box and Muller's transform. */
function fillNormal(target: Float32Array, from: number, end: number, random: KeyedRandom): void {
  for (let i = from; i < end; i += 2) {
    const radius = Math.sqrt(-2 * Math.log((random.next() + 1) / 2 ** 32));
    const angle = random.uniform(0, 2 * Math.PI);
    target[i] = radius * Math.cos(angle);
    if (i + 1 < end) target[i + 1] = radius * Math.sin(angle);
  }
}
