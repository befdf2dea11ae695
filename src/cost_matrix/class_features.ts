import { createLoader } from "../data/create_loader.ts";
import type { Dataset } from "../data/file_dataset.ts";
import type { DatasetInfo } from "../data/image_dataset.ts";
import { subsetPerClass } from "../data/select.ts";
import type { Model } from "../models/model.ts";
import { noGrad } from "../tensor/autograd.ts";
import { tensor } from "../tensor/create.ts";
import { scope } from "../tensor/scope.ts";
import type { FeatureShape } from "./linear_cka_cost.ts";

/** `features`: what the classifier sees. `logits`: what it makes of that. */
export type FeatureSource = "features" | "logits";

/** Options of {@linkcode classFeatures}. */
export interface ClassFeaturesOptions {
  /** What the model says of an image. Default `features`. */
  readonly source?: FeatureSource;
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
 * classifier sees) or its logits, for the first `samples` images of each class in the data set's order, in evaluation mode and without
 * augmentation. Source: section 3.1 of the WKD paper.
 *
 * @throws RangeError where a class has fewer images
 */
export async function classFeatures(
  model: Model,
  dataset: Dataset,
  { source = "features", samples, batchSize = 100, onProgress }: ClassFeaturesOptions,
): Promise<ClassFeatures> {
  const images = subsetPerClass(dataset, samples, "--samples");
  const classes = dataset.classes.length;
  const [outputs, inputs] = model.classifier.weight.shape;
  const dims = source === "logits" ? outputs : inputs;
  const features = new Float32Array(classes * samples * dims);
  const filled = new Int32Array(classes);
  model.eval();
  let done = 0;
  const loader = createLoader(images, { batchSize, train: false });
  try {
    for await (const batch of loader.epoch(1)) {
      const rows = await forward(model, source, batch.images, [batchSize, ...imageShape(images)]);
      for (let i = 0; i < batch.size; i++) {
        const label = batch.labels[i];
        const at = (label * samples + filled[label]++) * dims;
        features.set(rows.subarray(i * dims, (i + 1) * dims), at);
      }
      done += batch.size;
      onProgress?.(done, images.length);
    }
  } finally {
    loader.close();
  }
  if (done < images.length) {
    throw new RangeError(
      `${images.length - done} of the ${images.length} images could not be read`,
    );
  }
  return { features, shape: [classes, samples, dims] };
}

function imageShape({ channels, height, width }: DatasetInfo): number[] {
  return [channels, height, width];
}

async function forward(
  model: Model,
  source: FeatureSource,
  images: Float32Array,
  shape: number[],
): Promise<Float32Array> {
  const wanted = scope(() =>
    noGrad(() => {
      const { logits, features } = model.forward(tensor(images, shape));
      return source === "logits" ? logits : features.pooledFeat;
    })
  );
  const rows = await wanted.data() as Float32Array;
  wanted.dispose();
  return rows;
}
