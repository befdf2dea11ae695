import {
  gaussianWasserstein,
  type GaussianWassersteinLosses,
  type GaussianWassersteinOptions,
} from "../ops/losses/gaussian_wasserstein.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Options of {@linkcode wkdFeatureLoss}. */
export type WkdFeatureOptions = GaussianWassersteinOptions;

/** The two parts of {@linkcode wkdFeatureLoss}. */
export type WkdFeatureLosses = GaussianWassersteinLosses;

/**
 * WKD-F: the Wasserstein distance between diagonal Gaussians of student and teacher features, its part from the means
 * and its part from the standard deviations apart, so that the caller weighs them
 * (`MEAN_COV_RATIO meanLoss + covLoss`). The teacher is a constant. Source: the authors' `wkd_feature_loss`.
 *
 * @param student float32 `[samples, channels, height, width]`, after the projector
 * @param teacher the same shape
 * @throws RangeError when shapes differ or the grid does not fit the features
 */
export function wkdFeatureLoss(
  student: Tensor,
  teacher: Tensor,
  options: WkdFeatureOptions = {},
): WkdFeatureLosses {
  return gaussianWasserstein(student, teacher, options);
}
