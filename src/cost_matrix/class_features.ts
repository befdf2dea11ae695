import type { Dataset, DatasetInfo } from "../data/image_dataset.ts";
import { createLoader } from "../data/loader.ts";
import { subsetPerClass } from "../data/select.ts";
import { UserError } from "../errors.ts";
import type { Model } from "../models/model.ts";
import { noGrad } from "../tensor/autograd.ts";
import { tensor } from "../tensor/create.ts";
import { scope } from "../tensor/scope.ts";
import type { FeatureShape } from "./check_features.ts";

/**
 * `features`: every pixel of the last feature map is a sample, as in the authors' code. `pooled`: the map averaged over space,
 * what the classifier sees. `logits`: what it makes of that.
 */
export type FeatureSource = "features" | "pooled" | "logits";

/** More memory than a cost matrix should take. */
const MOST_BYTES = 2 ** 34;

/** Options of {@linkcode classFeatures}. */
interface ClassFeaturesOptions {
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
interface ClassFeatures {
  /** Row-major `[classes, samples, dims]`. */
  readonly features: Float32Array;
  /** `[classes, samples, dims]`; with `features` an image gives as many samples as the map has pixels. */
  readonly shape: FeatureShape;
}

/**
 * The features that a cost matrix is made of, for the first `samples` images of each class in the data set's order, in
 * evaluation mode and without augmentation. Source: section 3.1 of the WKD paper and the authors' `generate_class_proto`.
 *
 * @throws UserError where a class has fewer images, or where the features take more than 16 GB
 */
export async function classFeatures(
  model: Model,
  dataset: Dataset,
  { source = "features", samples, batchSize = 100, onProgress }: ClassFeaturesOptions,
): Promise<ClassFeatures> {
  const images = subsetPerClass(dataset, samples, "--samples");
  const classes = dataset.classes.length;
  const filled = new Int32Array(classes);
  model.eval();
  let done = 0;
  let made: ClassFeatures | null = null;
  const loader = createLoader(images, { batchSize, train: false });
  try {
    for await (const batch of loader.epoch(1)) {
      const { rows, perImage, dims } = await forward(model, source, batch.images, [
        batchSize,
        ...imageShape(images),
      ]);
      made ??= allocate([classes, samples * perImage, dims]);
      const size = perImage * dims;
      for (let i = 0; i < batch.size; i++) {
        const label = batch.labels[i];
        const at = (label * samples + filled[label]++) * size;
        made.features.set(rows.subarray(i * size, (i + 1) * size), at);
      }
      done += batch.size;
      onProgress?.(done, images.length);
    }
  } finally {
    loader.close();
  }
  if (done < images.length) {
    throw new UserError(
      `${images.length - done} of the ${images.length} images could not be read`,
    );
  }
  return made!;
}

function allocate(shape: FeatureShape): ClassFeatures {
  const count = shape.reduce((product, size) => product * size);
  if (4 * count > MOST_BYTES) {
    throw new UserError(
      `the features take ${(4 * count / 1e9).toFixed(0)} GB; compare pooled features or logits ` +
        "(--source), or fewer images (--samples)",
    );
  }
  return { features: new Float32Array(count), shape };
}

function imageShape({ channels, height, width }: DatasetInfo): number[] {
  return [channels, height, width];
}

async function forward(
  model: Model,
  source: FeatureSource,
  images: Float32Array,
  shape: number[],
): Promise<{ rows: Float32Array; perImage: number; dims: number }> {
  const wanted = scope(() =>
    noGrad(() => {
      const { logits, features } = model.forward(tensor(images, shape));
      if (source === "logits") return logits;
      return source === "pooled" ? features.pooledFeat : features.feats.at(-1)!.permute(0, 2, 3, 1);
    })
  );
  const rows = await wanted.data() as Float32Array;
  const [, ...rest] = wanted.shape;
  wanted.dispose();
  const dims = rest.pop()!;
  return { rows, perImage: rest.reduce((product, size) => product * size, 1), dims };
}
