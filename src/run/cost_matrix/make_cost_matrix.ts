import { type Config, sectionOf } from "../../config/config.ts";
import type { ValuesOf } from "../../config/field.ts";
import { classFeatures, type FeatureSource } from "../../cost_matrix/class_features.ts";
import { classifierCost } from "../../cost_matrix/classifier_cost.ts";
import { kernelCkaCost } from "../../cost_matrix/kernel_cka_cost.ts";
import { linearCkaCost } from "../../cost_matrix/linear_cka_cost.ts";
import type { Dataset } from "../../data/image_dataset.ts";
import { datasetOf } from "../../data/registry.ts";
import { smallestClass } from "../../data/select.ts";
import type { costMatrixKeys } from "../../distill/shared_keys.ts";
import type { Model } from "../../models/model.ts";
import { numbersFromFirst } from "../../parallel/from_first.ts";
import { ALONE, type Group } from "../../parallel/group.ts";
import type { CostMatrixNote } from "./cost_matrix_file.ts";

/** How alike two classes are. */
export type Similarity = "linear_cka" | "poly_cka" | "rbf_cka" | "cosine";

/** How a cost matrix is made. */
export interface CostMatrixMethod {
  /** What of the teacher's is compared. */
  readonly source: FeatureSource;
  /** How it is compared. */
  readonly similarity: Similarity;
  /** Degree of `poly_cka`. */
  readonly degree: number;
  /** Bandwidth of `rbf_cka`, in units of the root of the median squared distance. */
  readonly bandwidth: number;
  /** Training images of each class. */
  readonly samples: number;
}

/** Told what is done, how much of it and of how much. */
export type CostMatrixProgress = (what: string, done: number, total: number) => void;

/** Images of a class that are compared where nothing else is said; the authors compare 500 of CIFAR-100, 732 of ImageNet. */
const MOST_SAMPLES = 1000;
const PATH = "COST_MATRIX_PATH";

/** What a configuration says of the matrix: in its distiller's section, or WKD's where that has no such keys. */
export function configuredMatrix(config: Config): {
  readonly path: string;
  /** Null where it is `auto`. */
  readonly source: FeatureSource | null;
  readonly similarity: Similarity;
} {
  const own = sectionOf(config, config.DISTILLER.TYPE);
  const keys = (Object.hasOwn(own, PATH) ? own : sectionOf(config, "WKD")) as ValuesOf<
    ReturnType<typeof costMatrixKeys>
  >;
  const { COST_MATRIX_SOURCE: source, COST_MATRIX_SIMILARITY: similarity } = keys;
  return { path: keys[PATH], source: source === "auto" ? null : source, similarity };
}

/** What the authors compare; the matrices of other kernels grow with the square of the samples. */
export function usualSource(similarity: Similarity, dataset: string): FeatureSource {
  if (similarity !== "linear_cka") return "pooled";
  return datasetOf(dataset).costSource ?? "features";
}

/** Images of each class where nothing else is said: as many as the smallest has, at most 1000. */
export function usualSamples(train: Dataset): number {
  return Math.min(MOST_SAMPLES, smallestClass(train));
}

/** How a configuration has its matrix made. */
export function configuredMethod(config: Config, train: Dataset): CostMatrixMethod {
  const { source, similarity } = configuredMatrix(config);
  return {
    source: source ?? usualSource(similarity, config.DATASET.TYPE),
    similarity,
    degree: 3,
    bandwidth: 1,
    samples: usualSamples(train),
  };
}

/**
 * The costs between the classes, [classes, classes] in row-major order: 1 - the similarity of every two, as a model sees the
 * first training images of each.
 *
 * @param group the processes that see a part of the images each, all of which get the costs; default this one alone
 * @throws UserError where a class has fewer images than are wanted, or the features take too much memory
 */
export async function makeCostMatrix(
  model: Model,
  train: Dataset,
  { similarity, source, samples, degree, bandwidth }: CostMatrixMethod,
  tell: CostMatrixProgress = () => {},
  group: Group = ALONE,
): Promise<Float32Array> {
  if (similarity === "cosine") {
    const weight = await model.classifier.weight.data() as Float32Array;
    return classifierCost(weight, train.classes.length);
  }
  const { features, shape } = await classFeatures(model, train, {
    source,
    samples,
    onProgress: (done, total) => tell("images", done, total),
    group,
  });
  if (group.rank > 0) return await numbersFromFirst(group, null);
  const onProgress = (done: number, total: number) => tell("blocks", done, total);
  const options = { onProgress, inPlace: true };
  const kernel = similarity === "poly_cka"
    ? { type: "poly" as const, degree }
    : { type: "rbf" as const, bandwidth };
  const cost = similarity === "linear_cka"
    ? await linearCkaCost(features, shape, options)
    : await kernelCkaCost(features, shape, kernel, options);
  return await numbersFromFirst(group, cost);
}

/** What a note says of how a matrix was made: the images, what of them was compared, and how. */
export function methodNote(
  { similarity, source, samples, degree, bandwidth }: CostMatrixMethod,
): CostMatrixNote {
  const cost = {
    linear_cka: "1 - linear CKA",
    poly_cka: `1 - polynomial CKA of degree ${degree}`,
    rbf_cka: `1 - RBF CKA with bandwidth ${bandwidth}`,
    cosine: "1 - cosine of the rows of the classifier's weight",
  }[similarity];
  if (similarity === "cosine") return { cost };
  const seen = {
    features: "pixels of the last feature map",
    pooled: "last feature map averaged over space",
    logits: "logits",
  }[source];
  return {
    samples_per_class: String(samples),
    features: `${seen}, first training images of each class, no augmentation`,
    cost,
  };
}
