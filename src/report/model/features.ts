import type { BatchSource } from "../../data/loading/batch.ts";
import type { Model } from "../../models/model.ts";
import type { Module } from "../../nn/module.ts";
import { noGrad } from "../../tensor/autograd.ts";
import { tensor } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** How the features of the hint layer are compared, as in the run's loss. */
export interface HintSettings {
  /** Takes the student's features to the teacher's shape. */
  readonly projector: Module & { forward(x: Tensor): Tensor };
  /** Index of the features. */
  readonly layer: number;
  /** Windows along each side. */
  readonly grid: number;
  /** Added to the variances. */
  readonly eps: number;
  /** Weight of the means against the standard deviations. */
  readonly ratio: number;
}

/** Features of the images of a data set. */
export interface FeatureSample {
  /** What the student's classifier takes, [images, dims]. */
  readonly student: Float32Array;
  /** What the teacher's takes; null where there is none. */
  readonly teacher: Float32Array | null;
  /** Distance of the hint layer for each image; null without WKD-F. */
  readonly distances: Float32Array | null;
  /** Class of each image. */
  readonly labels: Int32Array;
}

/**
 * Features of both models over all images of a loader, batch by batch.
 *
 * @param hint null where the hint layer is not compared
 */
export async function sampleFeatures(
  student: Model,
  teacher: Model | null,
  hint: HintSettings | null,
  loader: BatchSource,
  batchSize: number,
): Promise<FeatureSample> {
  const { channels, height, width } = loader.dataset;
  const { gpu } = student.classifier.weight;
  const [ofStudent, ofTeacher, distances, labels] = [
    [] as Float32Array[],
    [] as Float32Array[],
    [] as number[],
    [] as number[],
  ];
  for await (const batch of loader.epoch(1)) {
    labels.push(...batch.labels.subarray(0, batch.size));
    const made = noGrad(() => {
      const images = tensor(batch.images, [batchSize, channels, height, width], { device: gpu });
      const ours = student.forward(images).features;
      const theirs = teacher?.forward(images).features ?? null;
      return {
        ours: ours.pooledFeat,
        theirs: theirs?.pooledFeat ?? null,
        hints: hint && theirs
          ? [hint.projector.forward(ours.feats.at(hint.layer)!), theirs.feats.at(hint.layer)!]
          : null,
      };
    });
    try {
      ofStudent.push(await rows(made.ours, batch.size));
      if (made.theirs) ofTeacher.push(await rows(made.theirs, batch.size));
      if (hint && made.hints) {
        const [ours, theirs] = made.hints;
        const values = [await rows(ours, batch.size), await rows(theirs, batch.size)];
        distances.push(...gaussianDistances(values[0], values[1], ours.shape, batch.size, hint));
      }
    } finally {
      for (const each of [made.ours, made.theirs, ...made.hints ?? []]) each?.dispose();
    }
  }
  return {
    student: concat(ofStudent),
    teacher: teacher && concat(ofTeacher),
    distances: hint && teacher ? Float32Array.from(distances) : null,
    labels: Int32Array.from(labels),
  };
}

/** The first rows of what a model made of a batch. */
async function rows(x: Tensor, count: number): Promise<Float32Array> {
  const values = await x.data() as Float32Array;
  return values.slice(0, count * x.numel / x.shape[0]);
}

function concat(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/**
 * The Wasserstein distance between the Gaussians of both features for each image, its parts weighed as the loss weighs them
 * and averaged over the windows. Source: equation 8 of the WKD paper, as `gaussianWasserstein()` has it for a whole batch.
 *
 * @param student [count, channels, height, width]
 * @param teacher the same shape
 */
export function gaussianDistances(
  student: Float32Array,
  teacher: Float32Array,
  [, channels, height, width]: readonly number[],
  count: number,
  { grid, eps, ratio }: Pick<HintSettings, "grid" | "eps" | "ratio">,
): number[] {
  const plane = height * width;
  const windows = windowsOf(height, width, grid);
  return Array.from({ length: count }, (_, i) => {
    let sum = 0;
    for (let c = 0; c < channels; c++) {
      const start = (i * channels + c) * plane;
      for (const window of windows) {
        const [mean, deviation] = gaussian(student, start, window, eps);
        const [otherMean, otherDeviation] = gaussian(teacher, start, window, eps);
        sum += ratio * (mean - otherMean) ** 2 + (deviation - otherDeviation) ** 2;
      }
    }
    return sum / windows.length;
  });
}

/** Places of each window within a plane, as PyTorch's adaptive pooling takes them. */
function windowsOf(height: number, width: number, grid: number): number[][] {
  const part = (size: number, i: number) => {
    return [Math.floor(i * size / grid), Math.ceil((i + 1) * size / grid)];
  };
  return Array.from({ length: grid ** 2 }, (_, at) => {
    const [[top, bottom], [left, right]] = [
      part(height, Math.floor(at / grid)),
      part(width, at % grid),
    ];
    const places: number[] = [];
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) places.push(y * width + x);
    }
    return places;
  });
}

function gaussian(
  values: Float32Array,
  start: number,
  window: readonly number[],
  eps: number,
): [mean: number, deviation: number] {
  let mean = 0;
  for (const at of window) mean += values[start + at] / window.length;
  let square = 0;
  for (const at of window) square += (values[start + at] - mean) ** 2;
  return [mean, Math.sqrt(square / (window.length - 1) + eps)];
}
