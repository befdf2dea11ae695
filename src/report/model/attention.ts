import type { Model } from "../../models/model.ts";
import { scope } from "../../tensor/scope.ts";
import { tensor } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** Where a model looks, image by image. */
export interface AttentionMaps {
  /** [images, rows, columns], 0 to 1 within each image. */
  readonly values: Float32Array;
  /** Rows of the feature map. */
  readonly rows: number;
  /** Columns. */
  readonly columns: number;
}

/**
 * Grad-CAM of a class at the last feature map: its channels weighted by the mean gradient of the class's logit, what is above
 * 0 of it, from 0 to the largest. Source: Selvaraju et al. (2017), equations 1 and 2.
 *
 * @param model in evaluation mode
 * @param images [N, channels, height, width]
 * @param labels the class of each image
 * @returns null where the last feature map is a single pixel, or what comes out is not finite
 */
export async function attentionMaps(
  model: Model,
  images: Float32Array,
  shape: readonly [number, number, number, number],
  labels: readonly number[],
): Promise<AttentionMaps | null> {
  const { gpu } = model.classifier.weight;
  const input = tensor(images, shape, { device: gpu }).keep();
  input.requiresGrad = true;
  const kept: Tensor[] = [input];
  try {
    const feature = scope(() => {
      const { logits, features } = model.forward(input);
      const feature = features.feats.at(-1)!;
      if (feature.ndim !== 4 || feature.shape[2] * feature.shape[3] < 2) return null;
      const chosen = new Float32Array(logits.numel);
      labels.forEach((label, i) => chosen[i * logits.shape[1] + label] = 1);
      const gradient = tensor(chosen, logits.shape, { device: gpu });
      logits.backward({ gradient, inputs: [feature] });
      kept.push(feature.keep(), feature.grad!);
      return feature;
    });
    if (!feature) return null;
    const [values, gradients] = [await feature.data(), await feature.grad!.data()];
    return weighted(values as Float32Array, gradients as Float32Array, feature.shape);
  } finally {
    for (const each of kept) each.dispose();
  }
}

function weighted(
  values: Float32Array,
  gradients: Float32Array,
  [count, channels, rows, columns]: readonly number[],
): AttentionMaps | null {
  const plane = rows * columns;
  const maps = new Float32Array(count * plane);
  for (let i = 0; i < count; i++) {
    const map = maps.subarray(i * plane, (i + 1) * plane);
    for (let c = 0; c < channels; c++) {
      const start = (i * channels + c) * plane;
      const weight = gradients.subarray(start, start + plane).reduce((a, b) => a + b, 0) / plane;
      for (let at = 0; at < plane; at++) map[at] += weight * values[start + at];
    }
    const largest = map.reduce((a, b) => Math.max(a, b), 0);
    if (!map.every(Number.isFinite)) return null;
    for (let at = 0; at < plane; at++) map[at] = largest > 0 ? Math.max(0, map[at]) / largest : 0;
  }
  return { values: maps, rows, columns };
}
