import { basename, dirname } from "@std/path";
import { asTyped } from "../../config/typed_path.ts";
import { flatCosts } from "../../cost_matrix/flat_costs.ts";
import type { Dataset } from "../../data/image_dataset.ts";
import { loadTrainSet } from "../../data/load_dataset.ts";
import { UserError } from "../../errors.ts";
import { checkFolder, checkTarget } from "../../formats/atomic_write.ts";
import { fileExists } from "../../formats/paths.ts";
import { visible } from "../../formats/visible.ts";
import type { Model } from "../../models/model.ts";
import type { Group } from "../../parallel/group.ts";
import { openGroup } from "../../parallel/open_group.ts";
import { type CostMatrixNote, writeCostMatrix } from "../../run/cost_matrix/cost_matrix_file.ts";
import {
  makeCostMatrix,
  methodNote,
  usualSamples,
} from "../../run/cost_matrix/make_cost_matrix.ts";
import { advising, imageSize, isUnusual, smaller } from "../../run/memory_error.ts";
import { TEACHER_HASH, weightsHash } from "../../run/cost_matrix/run_cost_matrix.ts";
import { asTeacher } from "../../run/models/teacher_normalisation.ts";
import { asRank } from "../as_rank.ts";
import { loadCheckpointModel } from "../checkpoints/checkpoint_model.ts";
import { type CostMatrixFlags, type CostMatrixPlan, makePlan } from "./cost_matrix_plan.ts";
import { lessOf } from "../device/gpu_advice.ts";
import { importWords } from "../options/import_modules.ts";
import { datasetCallbacks, openComputeDevice } from "../device/open_device.ts";
import { countBar } from "../terminal/count_bar.ts";
import { note, warn } from "../terminal/notes.ts";
import { shellWords } from "../terminal/shell_words.ts";

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
  const group = await openGroup();
  return await asRank(group, () => costMatrixIn(group, flags, overrides));
}

async function costMatrixIn(
  group: Group,
  flags: CostMatrixFlags,
  overrides: readonly string[],
): Promise<number> {
  const leads = group.rank === 0;
  const planned = makePlan(flags, overrides);
  const { dataset, teacher, checkpoint, out } = planned;
  if (!flags.overwrite && fileExists(out)) {
    throw new UserError(
      `${asTyped(out)} is already there; replace it with --overwrite or choose --out`,
    );
  }
  if (leads) {
    checkTarget(out);
    checkFolder(dirname(out));
  }
  await openComputeDevice(flags.device);
  const train = await loadTrainSet(dataset, leads ? datasetCallbacks() : undefined);
  if (train.classes.length < 2) {
    throw new UserError(`${train.name} has one class; a cost matrix compares two or more`);
  }
  const samples = planned.samples ?? usualSamples(train);
  const plan = { ...planned, samples };
  const { FAMILY } = planned.config.MODEL;
  const model = loadCheckpointModel(teacher, checkpoint, train, "--teacher", FAMILY);
  const tell = (message: string) => leads && note(message);
  asTeacher(model, planned.config, train, { checkpoint, note: tell });
  const cost = await advising(() => less(train), () => compare(model, train, plan, group));
  if (!leads) return 0;
  const hash = await weightsHash(model);
  model.dispose();
  writeCostMatrix(out, cost, train.classes.length, describe(plan, hash, overrides));
  const flat = flatCosts(cost, train.classes.length);
  if (flat) warn(`the cost matrix ${asTyped(out)} ${flat}`);
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
  plan: SampledPlan,
  group: Group,
): Promise<Float32Array> {
  if (group.rank > 0) return await makeCostMatrix(model, train, plan, undefined, group);
  const bars = {
    images: countBar(`${plan.source} of ${plan.teacher}`, "images"),
    blocks: countBar("comparing classes", "blocks"),
  };
  try {
    return await makeCostMatrix(model, train, plan, (what, done, total) => {
      bars[what as keyof typeof bars].update(done, total);
      if (done === total) bars[what as keyof typeof bars].clear();
    }, group);
  } finally {
    bars.images.clear();
    bars.blocks.clear();
  }
}

/** How the file was made, without dates: the same command gives the same bytes. */
function describe(plan: SampledPlan, hash: string, overrides: readonly string[]): CostMatrixNote {
  const { dataset, teacher, checkpoint: { path: ckpt }, source, similarity, samples } = plan;
  const extra = {
    linear_cka: [],
    poly_cka: ["--degree", String(plan.degree)],
    rbf_cka: ["--bandwidth", String(plan.bandwidth)],
    cosine: [],
  }[similarity];
  const method = [
    ...(similarity === "cosine" ? [] : ["--source", source]),
    ...(similarity === "linear_cka" ? [] : ["--similarity", similarity, ...extra]),
  ];
  const words = ["--teacher", teacher, "--ckpt", ckpt, "--dataset", dataset.TYPE];
  const size = [
    ...(similarity === "cosine" ? [] : ["--samples", String(samples)]),
    ...["--out", plan.out, ...plan.settings, ...overrides],
  ];
  return {
    format: "pt",
    command: shellWords([
      ...["deno", "task", "cost-matrix"],
      ...importWords(),
      ...words,
      ...method,
      ...size,
    ]),
    teacher,
    checkpoint: basename(ckpt),
    [TEACHER_HASH]: hash,
    dataset: dataset.TYPE,
    ...methodNote(plan),
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
    `${asTyped(out)}: ${n} x ${n}, most alike ${name(pairs[0])}, least ${name(pairs.at(-1)!)}`,
  );
}
