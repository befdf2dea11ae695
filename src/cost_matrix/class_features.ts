import type { ImageDataset } from "../data/image_dataset.ts";
import { DataLoader } from "../data/loader.ts";
import { subsetPerClass } from "../data/select.ts";
import type { Model } from "../models/model.ts";
import { noGrad } from "../tensor/autograd.ts";
import { tensor } from "../tensor/create.ts";
import { scope } from "../tensor/scope.ts";
import type { FeatureShape } from "./linear_cka_cost.ts";

/** Options of {@linkcode classFeatures}. */
export interface ClassFeaturesOptions {
  /** Images of each class. */
  readonly samples: number;
  /** Images in a batch; default 100. */
  readonly batchSize?: number;
  /** Called after every batch with the images done and their number. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Features by class, with their shape. */
export interface ClassFeatures {
  /** Row-major `[classes, samples, dims]`. */
  readonly features: Float32Array;
  /** `[classes, samples, dims]` */
  readonly shape: FeatureShape;
}

/**
 * The features that a cost matrix is made of: the model's last feature map averaged over space (`pooledFeat`, what its
 * classifier sees), for the first `samples` images of each class in the data set's order, in evaluation mode and without
 * augmentation. Source: section 3.1 of the WKD paper.
 *
 * @throws RangeError where a class has fewer images
 */
export async function classFeatures(
  model: Model,
  dataset: ImageDataset,
  { samples, batchSize = 100, onProgress }: ClassFeaturesOptions,
): Promise<ClassFeatures> {
  const images = subsetPerClass(dataset, samples);
  const classes = dataset.classes.length;
  const dims = model.classifier.weight.shape[1];
  const features = new Float32Array(classes * samples * dims);
  const filled = new Int32Array(classes);
  model.eval();
  let done = 0;
  for (const batch of new DataLoader(images, { batchSize, train: false }).epoch(1)) {
    const rows = await forward(model, batch.images, [batchSize, ...imageShape(images)]);
    for (let i = 0; i < batch.size; i++) {
      const label = batch.labels[i];
      const at = (label * samples + filled[label]++) * dims;
      features.set(rows.subarray(i * dims, (i + 1) * dims), at);
    }
    onProgress?.(done += batch.size, images.length);
  }
  return { features, shape: [classes, samples, dims] };
}

function imageShape({ channels, height, width }: ImageDataset): number[] {
  return [channels, height, width];
}

async function forward(model: Model, images: Float32Array, shape: number[]): Promise<Float32Array> {
  const pooled = scope(() =>
    noGrad(() => model.forward(tensor(images, shape)).features.pooledFeat)
  );
  const rows = await pooled.data() as Float32Array;
  pooled.dispose();
  return rows;
}
