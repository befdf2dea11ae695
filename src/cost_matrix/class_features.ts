import type { Dataset, DatasetInfo } from "../data/image_dataset.ts";
import { createLoader } from "../data/loading/loader.ts";
import { subsetPerClass } from "../data/select.ts";
import { UserError } from "../errors.ts";
import type { Model } from "../models/model.ts";
import { ALONE, type Group } from "../parallel/group.ts";
import { noGrad } from "../tensor/autograd.ts";
import { tensor } from "../tensor/create.ts";
import { scope } from "../tensor/scope.ts";
import { type ClassFeatures, FeatureRows, type Found } from "./feature_rows.ts";

/**
 * `features`: every pixel of the last feature map is a sample, as in the authors' code. `pooled`: the map averaged over space,
 * what the classifier sees. `logits`: what it makes of that.
 */
export type FeatureSource = "features" | "pooled" | "logits";

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
  /** The processes that see a part of the images each; default this one alone. */
  readonly group?: Group;
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
  { source = "features", samples, batchSize = 100, onProgress, group = ALONE }:
    ClassFeaturesOptions,
): Promise<ClassFeatures> {
  const images = subsetPerClass(dataset, samples, "--samples");
  model.eval();
  const { rank, size: worldSize } = group;
  const loader = createLoader(images, { batchSize, train: false, rank, worldSize });
  const rows = new FeatureRows(images, samples, loader.images, group);
  try {
    for await (const batch of loader.epoch(1)) {
      const found = await forward(model, source, batch.images, [batchSize, ...imageShape(images)]);
      rows.add(batch, found);
      onProgress?.(Math.min(images.length, rows.done * worldSize), images.length);
    }
  } finally {
    loader.close();
  }
  if (rows.done < loader.images) {
    throw new UserError(
      `${loader.images - rows.done} of the ${loader.images} images could not be read`,
    );
  }
  return await rows.gather();
}

function imageShape({ channels, height, width }: DatasetInfo): number[] {
  return [channels, height, width];
}

async function forward(
  model: Model,
  source: FeatureSource,
  images: Float32Array,
  shape: number[],
): Promise<Found> {
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
