import type { Gpu } from "../gpu/gpu.ts";
import { defaultDevice } from "../tensor/default_device.ts";
import { centerFeatures } from "./center_features.ts";
import { checkFeatures, type FeatureShape } from "./check_features.ts";
import { costOfProducts } from "./cost_of_products.ts";
import { crossProducts } from "./cross_products.ts";
import { gramProducts } from "./gram_products.ts";

export type { FeatureShape } from "./check_features.ts";

/** Options of {@linkcode linearCkaCost}. */
export interface LinearCkaOptions {
  /** Called after every block with the blocks done and their number. */
  onProgress?: (done: number, total: number) => void;
  /** Bytes of the largest intermediate on the device, beside the features themselves. Default 64 MB. */
  blockBytes?: number;
  /** Overwrites the features, which saves a copy of them. Default false. */
  inPlace?: boolean;
  /** Default: the device of `init()`. */
  device?: Gpu;
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
 * @throws UserError when the length does not fit the shape, there are fewer than 2 classes or samples, a feature is
 * not a finite number, or the features of a class do not vary
 */
export async function linearCkaCost(
  features: Float32Array,
  shape: FeatureShape,
  options: LinearCkaOptions = {},
): Promise<Float32Array> {
  const { onProgress = () => {}, blockBytes = 2 ** 26, device = defaultDevice() } = options;
  checkFeatures(features, shape, blockBytes);
  const centered = centerFeatures(features, shape, options.inPlace ? features : undefined);
  const [classes, samples, dims] = shape;
  const work = {
    gpu: device,
    features: centered,
    shape,
    blockBytes,
    onProgress,
  };
  const viaGram = classes * samples ** 2 * (dims + classes);
  const viaCross = classes ** 2 * dims ** 2 * samples;
  const products = viaGram <= viaCross ? await gramProducts(work) : await crossProducts(work);
  return costOfProducts(products, classes);
}
