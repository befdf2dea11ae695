import type { Gpu } from "../gpu/gpu.ts";
import { defaultDevice } from "../tensor/default_device.ts";
import { centerFeatures } from "./center_features.ts";
import { crossProducts } from "./cross_products.ts";
import { gramProducts } from "./gram_products.ts";

/** `[classes, samples, dims]` of the features. */
export type FeatureShape = readonly [classes: number, samples: number, dims: number];

/** Options of {@linkcode linearCkaCost}. */
export interface LinearCkaOptions {
  /** Called after every block with the blocks done and their number. */
  onProgress?: (done: number, total: number) => void;
  /** Bytes of the largest intermediate on the device, beside the features themselves. Default 64 MB. */
  blockBytes?: number;
  /** Default: the device of `init()`. */
  device?: Gpu;
}

/** The device, the features centred over samples, and how to go through them. */
export interface CkaWork {
  /** Where the products run. */
  readonly gpu: Gpu;
  /** The features less their means, row-major. */
  readonly centered: Float32Array;
  /** Their shape. */
  readonly shape: FeatureShape;
  /** Bytes of the largest intermediate. */
  readonly blockBytes: number;
  /** Called after every block. */
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * The cost matrix of WKD-L: `1 - CKA(X_i, X_j)` of the features of every two classes, with linear centred kernel
 * alignment `CKA(X, Y) = |Y^T X|^2 / (|X^T X| |Y^T Y|)` (Frobenius norms, features centred over samples).
 *
 * `|Y^T X|^2` is the inner product of the Gram matrices `X X^T` and `Y Y^T`; whichever form multiplies less is taken.
 * Sample k of one class is paired with sample k of the other. Source: section 3.1 of the WKD paper, Kornblith et al. 2019.
 *
 * @param features row-major `[classes, samples, dims]`
 * @returns `[classes, classes]`, symmetric, zeros on the diagonal
 * @throws RangeError when the length does not fit the shape, there are fewer than 2 classes or samples, a feature is
 * not a finite number, or the features of a class do not vary
 */
export async function linearCkaCost(
  features: Float32Array,
  shape: FeatureShape,
  options: LinearCkaOptions = {},
): Promise<Float32Array> {
  const { onProgress = () => {}, blockBytes = 2 ** 26, device = defaultDevice() } = options;
  checkFeatures(features, shape, blockBytes);
  const [classes, samples, dims] = shape;
  const work = {
    gpu: device,
    centered: centerFeatures(features, shape),
    shape,
    blockBytes,
    onProgress,
  };
  const viaGram = classes * samples ** 2 * (dims + classes);
  const viaCross = classes ** 2 * dims ** 2 * samples;
  const products = viaGram <= viaCross ? await gramProducts(work) : await crossProducts(work);
  return toCost(products, classes);
}

function toCost(products: Float32Array, classes: number): Float32Array {
  const cost = new Float32Array(classes * classes);
  for (let i = 0; i < classes; i++) {
    const own = products[i * classes + i];
    if (!(own > 0)) {
      throw new RangeError(
        `the features of class ${i} do not vary, so it has no similarity to others; use more or other images`,
      );
    }
    for (let j = 0; j < i; j++) {
      const cka = products[j * classes + i] / Math.sqrt(own * products[j * classes + j]);
      cost[i * classes + j] = cost[j * classes + i] = 1 - cka;
    }
  }
  return cost;
}

function checkFeatures(
  features: Float32Array,
  [classes, samples, dims]: FeatureShape,
  blockBytes: number,
): void {
  if (![classes, samples, dims].every((size) => Number.isInteger(size) && size >= 1)) {
    throw new RangeError(
      `features must be [classes, samples, dims], all positive; got [${classes}, ${samples}, ${dims}]`,
    );
  }
  if (classes < 2 || samples < 2) {
    throw new RangeError(
      `a cost matrix needs 2 or more classes and 2 or more images of each; got ${classes} and ${samples}`,
    );
  }
  if (features.length !== classes * samples * dims) {
    throw new RangeError(
      `${features.length} numbers are not features of shape [${classes}, ${samples}, ${dims}]`,
    );
  }
  if (!(blockBytes >= 4096)) {
    throw new RangeError(`blocks must have 4096 bytes or more; got ${blockBytes}`);
  }
  const bad = features.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new RangeError(
      `the features of class ${Math.floor(bad / (samples * dims))} hold ${features[bad]}; ` +
        `features must be finite numbers`,
    );
  }
}
