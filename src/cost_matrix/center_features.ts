import type { FeatureShape } from "./check_features.ts";

/**
 * Subtracts from every feature its mean over the samples of its class; sums are taken in float64.
 *
 * @param centered where the result goes; may be the features themselves
 */
export function centerFeatures(
  features: Float32Array,
  [classes, samples, dims]: FeatureShape,
  centered: Float32Array = new Float32Array(features.length),
): Float32Array {
  const mean = new Float64Array(dims);
  for (let c = 0; c < classes; c++) {
    const start = c * samples * dims;
    mean.fill(0);
    for (let s = 0; s < samples; s++) {
      for (let d = 0; d < dims; d++) mean[d] += features[start + s * dims + d] / samples;
    }
    for (let s = 0; s < samples; s++) {
      for (let d = 0; d < dims; d++) {
        const at = start + s * dims + d;
        centered[at] = features[at] - mean[d];
      }
    }
  }
  return centered;
}
