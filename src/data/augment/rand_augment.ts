import { checkOptions, type OptionNames } from "../../options.ts";
import type { KeyedRandom } from "../random.ts";
import { rotate, shearX, shearY, translateX, translateY } from "./affine_ops.ts";
import type { Canvas } from "./canvas.ts";
import { saturation } from "./color_ops.ts";
import { sharpness } from "./sharpness.ts";
import { autoContrast, brightness, contrast, equalize, posterize, solarize } from "./tone_ops.ts";

const { fround } = Math;

/** How torchvision's `RandAugment` varies an image. */
export interface RandAugmentOptions {
  /** Operations in a row, each drawn from all 14. Default 2. */
  readonly numOps?: number;
  /** How strong they are, an integer from 0 to 30. Default 9. */
  readonly magnitude?: number;
}

const OPTIONS: OptionNames<RandAugmentOptions> = { numOps: true, magnitude: true };

/** Steps of the magnitude, torchvision's `num_magnitude_bins`. */
const BINS = 31;

/** What an operation is given for a magnitude, and whether its sign is drawn. */
interface Operation {
  /** Its name in torchvision. */
  readonly name: string;
  /** Whether its value is negative one time in two. */
  readonly signed: boolean;
  /** Its value for a magnitude and an image of so many rows and columns. */
  value(magnitude: number, height: number, width: number): number;
  /** Does it. */
  apply(canvas: Canvas, value: number): void;
}

/** An entry of `torch.linspace(from, to, 31)`, whose float32 products and sums are fused, as processors that can do. */
function linspace(from: number, to: number, i: number): number {
  const step = fround(fround(to - from) / (BINS - 1));
  return i < BINS >> 1 ? fround(from + step * i) : fround(fround(to) - step * (BINS - 1 - i));
}

function none(): number {
  return 0;
}

/** By 0.9 more than 1 at most, or less. */
function enhancing(name: string, enhance: (canvas: Canvas, factor: number) => void): Operation {
  return {
    name,
    signed: true,
    value: (i) => linspace(0, 0.9, i),
    apply: (canvas, value) => enhance(canvas, 1 + value),
  };
}

/** The operations in torchvision's order. */
export const OPERATIONS: readonly Operation[] = [
  { name: "Identity", signed: false, value: none, apply: () => {} },
  { name: "ShearX", signed: true, value: (i) => linspace(0, 0.3, i), apply: shearX },
  { name: "ShearY", signed: true, value: (i) => linspace(0, 0.3, i), apply: shearY },
  {
    name: "TranslateX",
    signed: true,
    value: (i, _, width) => linspace(0, 150 / 331 * width, i),
    apply: translateX,
  },
  {
    name: "TranslateY",
    signed: true,
    value: (i, height) => linspace(0, 150 / 331 * height, i),
    apply: translateY,
  },
  { name: "Rotate", signed: true, value: (i) => linspace(0, 30, i), apply: rotate },
  enhancing("Brightness", brightness),
  enhancing("Color", saturation),
  enhancing("Contrast", contrast),
  enhancing("Sharpness", sharpness),
  {
    name: "Posterize",
    signed: false,
    value: (i) => 8 - Math.round(i / ((BINS - 1) / 4)),
    apply: posterize,
  },
  { name: "Solarize", signed: false, value: (i) => linspace(255, 0, i), apply: solarize },
  { name: "AutoContrast", signed: false, value: none, apply: autoContrast },
  { name: "Equalize", signed: false, value: none, apply: equalize },
];

/** Applies random operations of one magnitude. Source: torchvision's `RandAugment`, on Pillow's images. */
export class RandAugment {
  readonly #numOps: number;
  readonly #values: readonly number[];

  /**
   * Works out what each operation is given.
   *
   * @throws {RangeError} where an option is out of its range, TypeError for an unknown one
   */
  constructor(options: RandAugmentOptions, height: number, width: number) {
    checkOptions("randAugment", options, OPTIONS);
    const { numOps = 2, magnitude = 9 } = options;
    if (!Number.isInteger(numOps) || numOps < 0) {
      throw new RangeError(`randAugment wants a whole number of operations; got ${numOps}`);
    }
    if (!Number.isInteger(magnitude) || magnitude < 0 || magnitude >= BINS) {
      throw new RangeError(
        `randAugment wants a magnitude that is an integer from 0 to ${BINS - 1}; got ${magnitude}`,
      );
    }
    this.#numOps = numOps;
    this.#values = OPERATIONS.map(({ value }) => value(magnitude, height, width));
  }

  /** Varies the image. */
  apply(canvas: Canvas, random: Pick<KeyedRandom, "below">): void {
    for (let i = 0; i < this.#numOps; i++) {
      const which = random.below(OPERATIONS.length);
      const { signed, apply } = OPERATIONS[which];
      const value = this.#values[which];
      apply(canvas, signed && random.below(2) === 1 ? -value : value);
    }
  }
}
