import { UserError } from "../../errors.ts";
import { checkOptions, type OptionNames } from "../../options.ts";
import { normalisationTable } from "../images/normalisations.ts";
import type { KeyedRandom } from "../random.ts";
import { Canvas } from "./canvas.ts";
import { ColorJitter, type ColorJitterOptions } from "./color_jitter.ts";
import { RandAugment, type RandAugmentOptions } from "./rand_augment.ts";
import { RandomErasing, type RandomErasingOptions } from "./random_erasing.ts";

/** What becomes of a training image behind the crop and the mirror, in this order; what is missing is left out. */
export interface AugmentOptions {
  /** Random operations, as torchvision's `RandAugment`. */
  readonly randAugment?: RandAugmentOptions;
  /** Random brightness, contrast, saturation and hue, as torchvision's `ColorJitter`. */
  readonly colorJitter?: ColorJitterOptions;
  /** A random part that is overwritten once the image is normalised, as torchvision's `RandomErasing`. */
  readonly randomErasing?: RandomErasingOptions;
}

const OPTIONS: OptionNames<AugmentOptions> = {
  ...{ randAugment: true, colorJitter: true, randomErasing: true },
};

/** What the images that are varied have in common. */
interface ImageShape {
  /** 1 for grey or 3 for red, green and blue; any number where bytes are not varied. */
  readonly channels: number;
  /** Rows. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
  /** Mean of each channel, in units of 255. */
  readonly mean: readonly number[];
  /** Standard deviation of each channel, in units of 255. */
  readonly std: readonly number[];
}

/** Varies images that are cut and mirrored already; its buffers are used again. */
export class ImageAugmenter {
  /** Where the bytes of an image go before {@linkcode write}; null where no bytes are varied, so that it is not called. */
  readonly canvas: Canvas | null = null;
  readonly #shape: ImageShape;
  readonly #table: Float32Array;
  readonly #bytes: readonly { apply(canvas: Canvas, random: KeyedRandom): void }[];
  readonly #erasing: RandomErasing | null;

  /**
   * Allocates the buffers.
   *
   * @throws {UserError} where the bytes of images are to be varied that are neither grey nor of red, green and blue
   * @throws {RangeError} where an option is out of its range, TypeError for an unknown one
   */
  constructor(options: AugmentOptions, shape: ImageShape) {
    checkOptions("augment", options, OPTIONS);
    const { randAugment, colorJitter, randomErasing } = options;
    const { channels, height, width, mean, std } = shape;
    this.#shape = shape;
    this.#table = normalisationTable(mean, std);
    this.#bytes = [
      ...(randAugment ? [new RandAugment(randAugment, height, width)] : []),
      ...(colorJitter ? [new ColorJitter(colorJitter)] : []),
    ];
    this.#erasing = randomErasing ? new RandomErasing(randomErasing) : null;
    if (this.#bytes.length === 0) return;
    if (channels !== 1 && channels !== 3) {
      throw new UserError(
        `RandAugment and colour jitter want images of 1 or 3 channels; these have ${channels}: set ` +
          "DATASET.AUGMENT.RAND_AUGMENT_OPS and all COLOR_JITTER keys 0",
      );
    }
    this.canvas = new Canvas(channels, height, width);
  }

  /** Varies the bytes on the canvas and writes them normalised, from `offset` on. */
  write(random: KeyedRandom, target: Float32Array, offset: number): void {
    const canvas = this.canvas!;
    for (const step of this.#bytes) step.apply(canvas, random);
    const table = this.#table;
    const { data, channels, plane } = canvas;
    for (let channel = 0, from = 0; channel < channels; channel++) {
      const base = channel * 256;
      for (const end = from + plane; from < end; from++) {
        target[offset++] = table[base + data[from]];
      }
    }
  }

  /** Erases in the normalised image that starts at `offset`, where that is asked for. */
  erase(random: KeyedRandom, target: Float32Array, offset: number): void {
    this.#erasing?.apply(target, offset, this.#shape, random);
  }
}
