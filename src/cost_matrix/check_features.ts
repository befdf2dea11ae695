import { UserError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";

/** `[classes, samples, dims]` of the features. */
export type FeatureShape = readonly [classes: number, samples: number, dims: number];

/** The device, the features, and how to go through them. */
export interface CkaWork {
  /** Where the products run. */
  readonly gpu: Gpu;
  /** The features, row-major; less their means for linear CKA. */
  readonly features: Float32Array;
  /** Their shape. */
  readonly shape: FeatureShape;
  /** Bytes of the largest intermediate. */
  readonly blockBytes: number;
  /** Called after every block. */
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Checks what cost matrices are made of.
 *
 * @throws UserError when the length does not fit the shape, there are fewer than 2 classes or samples, or a feature is
 * not a finite number
 */
export function checkFeatures(
  features: Float32Array,
  [classes, samples, dims]: FeatureShape,
  blockBytes: number,
): void {
  if (![classes, samples, dims].every((size) => Number.isInteger(size) && size >= 1)) {
    throw new UserError(
      `features must be [classes, samples, dims], all positive; got [${classes}, ${samples}, ${dims}]`,
    );
  }
  if (classes < 2 || samples < 2) {
    throw new UserError(
      `a cost matrix needs 2 or more classes and 2 or more images of each; got ${classes} and ${samples}`,
    );
  }
  if (features.length !== classes * samples * dims) {
    throw new UserError(
      `${features.length} numbers are not features of shape [${classes}, ${samples}, ${dims}]`,
    );
  }
  if (!(blockBytes >= 4096)) {
    throw new UserError(`blocks must have 4096 bytes or more; got ${blockBytes}`);
  }
  const bad = features.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new UserError(
      `the teacher's features of class ${Math.floor(bad / (samples * dims))} hold ${
        features[bad]
      }; ` +
        `features must be finite numbers`,
    );
  }
}
