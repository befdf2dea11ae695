import { basename, dirname } from "@std/path";
import { classFeatures } from "../cost_matrix/class_features.ts";
import { classifierCost } from "../cost_matrix/classifier_cost.ts";
import { kernelCkaCost } from "../cost_matrix/kernel_cka_cost.ts";
import { linearCkaCost } from "../cost_matrix/linear_cka_cost.ts";
import type { Dataset } from "../data/image_dataset.ts";
import { loadTrainSet } from "../data/load_dataset.ts";
import { smallestClass } from "../data/select.ts";
import { UserError } from "../errors.ts";
import { checkFolder, checkTarget } from "../formats/atomic_write.ts";
import { fileExists } from "../formats/paths.ts";
import { visible } from "../formats/visible.ts";
import type { Model } from "../models/model.ts";
import { writeCostMatrix } from "../run/cost_matrix_file.ts";
import { advising, imageSize, isUnusual, smaller } from "../run/memory_error.ts";
import { flatCosts, TEACHER_HASH, weightsHash } from "../run/run_cost_matrix.ts";
import { asTeacher } from "../run/teacher_normalisation.ts";
import { loadCheckpointModel } from "./checkpoint_model.ts";
import { type CostMatrixFlags, type CostMatrixPlan, makePlan } from "./cost_matrix_plan.ts";
import { lessOf } from "./gpu_advice.ts";
import { importWords } from "./import_modules.ts";
import { datasetCallbacks, openComputeDevice } from "./open_device.ts";
import { countBar } from "./terminal/count_bar.ts";
import { shellWords } from "./terminal/shell_words.ts";

/** Images of a class that are compared where nothing else is said; the authors compare 500 of CIFAR-100, 732 of ImageNet. */
const MOST_SAMPLES = 1000;

type SampledPlan = CostMatrixPlan & { readonly samples: number };

/**
 * Writes WKD-L's cost matrix: 1 - the similarity of every two classes, as the teacher sees them.
 *
 * @param overrides pairs of a dotted key and a YAML value that win over the configuration
 * @returns the exit status
 */
export async function costMatrix(
  flags: CostMatrixFlags,
  overrides: readonly string[] = [],
): Promise<number> {
  const planned = makePlan(flags, overrides);
  const { dataset, teacher, checkpoint, out } = planned;
  if (!flags.overwrite && fileExists(out)) {
    throw new UserError(`${out} is already there; replace it with --overwrite or choose --out`);
  }
  checkTarget(out);
  checkFolder(dirname(out));
  await openComputeDevice(flags.device);
  const train = await loadTrainSet(dataset, datasetCallbacks());
  if (train.classes.length < 2) {
    throw new UserError(`${train.name} has one class; a cost matrix compares two or more`);
  }
  const samples = planned.samples ?? Math.min(MOST_SAMPLES, smallestClass(train));
  const plan = { ...planned, samples };
  const { FAMILY } = planned.config.MODEL;
  const model = loadCheckpointModel(teacher, checkpoint, train, "--teacher", FAMILY);
  const note = (message: string) => console.error(visible(message));
  asTeacher(model, planned.config, train, { checkpoint, note });
  const cost = await advising(() => less(train), () => compare(model, train, plan));
  const hash = await weightsHash(model);
  model.dispose();
  writeCostMatrix(out, cost, train.classes.length, describe(plan, hash, overrides));
  const flat = flatCosts(cost, train.classes.length);
  if (flat) console.error(visible(`warning: the cost matrix ${out} ${flat}`));
  console.log(summary(cost, train.classes, out));
  return 0;
}

/** What makes a matrix take less memory. */
function less(train: Dataset): string {
  const size = imageSize(train);
  return isUnusual(size) ? smaller([size]) : lessOf("cost-matrix");
}

async function compare(
  model: Model,
  train: Dataset,
  { teacher, similarity, source, samples, degree, bandwidth }: SampledPlan,
): Promise<Float32Array> {
  if (similarity === "cosine") {
    const weight = await model.classifier.weight.data() as Float32Array;
    return classifierCost(weight, train.classes.length);
  }
  const bar = countBar(`${source} of ${teacher}`, "images");
  const { features, shape } = await classFeatures(model, train, {
    source,
    samples,
    onProgress: bar.update,
  });
  bar.clear();
  const blocks = countBar("comparing classes", "blocks");
  const options = { onProgress: blocks.update, inPlace: true };
  const cost = similarity === "linear_cka"
    ? await linearCkaCost(features, shape, options)
    : similarity === "poly_cka"
    ? await kernelCkaCost(features, shape, { type: "poly", degree }, options)
    : await kernelCkaCost(features, shape, { type: "rbf", bandwidth }, options);
  blocks.clear();
  return cost;
}

/** How the file was made, without dates: the same command gives the same bytes. */
function describe(
  {
    dataset,
    teacher,
    checkpoint: { path: ckpt },
    out,
    source,
    similarity,
    degree,
    bandwidth,
    samples,
    settings,
  }: SampledPlan,
  hash: string,
  overrides: readonly string[],
): Record<string, string> {
  const words = ["--teacher", teacher, "--ckpt", ckpt, "--dataset", dataset.TYPE];
  const [cost, extra] = {
    linear_cka: ["1 - linear CKA", []],
    poly_cka: [`1 - polynomial CKA of degree ${degree}`, ["--degree", String(degree)]],
    rbf_cka: [`1 - RBF CKA with bandwidth ${bandwidth}`, ["--bandwidth", String(bandwidth)]],
    cosine: ["1 - cosine of the rows of the classifier's weight", []],
  }[similarity] as [string, string[]];
  const method = [
    ...(similarity === "cosine" ? [] : ["--source", source]),
    ...(similarity === "linear_cka" ? [] : ["--similarity", similarity, ...extra]),
  ];
  const size = [
    ...(similarity === "cosine" ? [] : ["--samples", String(samples)]),
    ...["--out", out, ...settings, ...overrides],
  ];
  const images = "first training images of each class, no augmentation";
  const seen = {
    features: "pixels of the last feature map",
    pooled: "last feature map averaged over space",
    logits: "logits",
  }[source];
  return {
    format: "pt",
    command: shellWords([
      "deno",
      "task",
      "cost-matrix",
      ...importWords(),
      ...words,
      ...method,
      ...size,
    ]),
    teacher,
    checkpoint: basename(ckpt),
    [TEACHER_HASH]: hash,
    dataset: dataset.TYPE,
    ...(similarity === "cosine"
      ? {}
      : { samples_per_class: String(samples), features: `${seen}, ${images}` }),
    cost,
  };
}

function summary(cost: Float32Array, classes: readonly string[], out: string): string {
  const n = classes.length;
  const pairs = Array.from({ length: n * n }, (_, at) => at)
    .filter((at) => Math.floor(at / n) < at % n)
    .sort((a, b) => cost[a] - cost[b]);
  const name = (at: number) =>
    `${classes[Math.floor(at / n)]} and ${classes[at % n]} (cost ${cost[at].toFixed(3)})`;
  return visible(
    `${out}: ${n} x ${n}, most alike ${name(pairs[0])}, least ${name(pairs.at(-1)!)}`,
  );
}
