import type { AugmentOptions } from "./image_augmenter.ts";

/** The keys of the configuration's DATASET.AUGMENT section; `deno task config` says more of each. */
export interface AugmentConfig {
  /** Operations of RandAugment in a row; 0 is off. */
  readonly RAND_AUGMENT_OPS: number;
  /** Their magnitude, 0 to 30. */
  readonly RAND_AUGMENT_MAGNITUDE: number;
  /** Most that the factor of the brightness differs from 1. */
  readonly COLOR_JITTER_BRIGHTNESS: number;
  /** The same of the contrast. */
  readonly COLOR_JITTER_CONTRAST: number;
  /** The same of the saturation. */
  readonly COLOR_JITTER_SATURATION: number;
  /** Most that the hue turns, of the whole circle. */
  readonly COLOR_JITTER_HUE: number;
  /** How likely an image is erased in; 0 is off. */
  readonly RANDOM_ERASING: number;
  /** Least and greatest part of the area that is erased. */
  readonly RANDOM_ERASING_SCALE: readonly number[];
  /** Least and greatest height for a width of 1. */
  readonly RANDOM_ERASING_RATIO: readonly number[];
  /** What is put there. */
  readonly RANDOM_ERASING_VALUE: "zero" | "random";
}

/** What a configuration varies training images by, as `createLoader()` takes it; undefined where that is nothing. */
export function augmentOptions(config: AugmentConfig): AugmentOptions | undefined {
  const colorJitter = {
    brightness: config.COLOR_JITTER_BRIGHTNESS,
    contrast: config.COLOR_JITTER_CONTRAST,
    saturation: config.COLOR_JITTER_SATURATION,
    hue: config.COLOR_JITTER_HUE,
  };
  const options: AugmentOptions = {
    ...(config.RAND_AUGMENT_OPS > 0 && {
      randAugment: { numOps: config.RAND_AUGMENT_OPS, magnitude: config.RAND_AUGMENT_MAGNITUDE },
    }),
    ...(Object.values(colorJitter).some((by) => by > 0) && { colorJitter }),
    ...(config.RANDOM_ERASING > 0 && {
      randomErasing: {
        p: config.RANDOM_ERASING,
        scale: pair(config.RANDOM_ERASING_SCALE),
        ratio: pair(config.RANDOM_ERASING_RATIO),
        value: config.RANDOM_ERASING_VALUE === "random" ? "random" : 0,
      },
    }),
  };
  return Object.keys(options).length > 0 ? options : undefined;
}

function pair([from, to]: readonly number[]): readonly [number, number] {
  return [from, to];
}

/** What images are varied by, in words; empty where that is nothing. */
export function describeAugment(options: AugmentOptions | undefined): string {
  const { randAugment, colorJitter, randomErasing } = options ?? {};
  const { numOps, magnitude } = randAugment ?? {};
  return [
    ...(randAugment ? [`RandAugment ${numOps} x ${magnitude}`] : []),
    ...(colorJitter ? ["colour jitter"] : []),
    ...(randomErasing ? [`random erasing ${randomErasing.p}`] : []),
  ].join(", ");
}
