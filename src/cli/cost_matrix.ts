import { basename, dirname, join } from "@std/path";
import { loadConfig } from "../config/load_config.ts";
import { classFeatures } from "../cost_matrix/class_features.ts";
import { linearCkaCost } from "../cost_matrix/linear_cka_cost.ts";
import { loadDataset } from "../data/load_dataset.ts";
import { writeCostMatrix } from "../train/cost_matrix_file.ts";
import { checkFolder } from "./check_folder.ts";
import { checkpointModelName, loadCheckpointModel } from "./checkpoint_model.ts";
import { CliError } from "./cli_error.ts";
import { countBar } from "./count_bar.ts";
import { datasetCallbacks } from "./dataset_callbacks.ts";
import { fileExists } from "./file_exists.ts";
import { openDevice } from "./open_device.ts";
import { teacherPath } from "./run_paths.ts";
import { shellWords } from "./shell_words.ts";

/** Options of the `cost-matrix` command. */
export interface CostMatrixFlags {
  /** Architecture; default: the configuration's, or the checkpoint's metadata. */
  readonly teacher?: string;
  /** The teacher's checkpoint; default: the configuration's, or the usual place. */
  readonly ckpt?: string;
  /** Configuration that names teacher, checkpoint and data set. */
  readonly cfg?: string;
  /** Data set; default: the configuration's, or `fashion_mnist`. */
  readonly dataset?: string;
  /** Training images of each class. */
  readonly samples: number;
  /** The file to write. */
  readonly out?: string;
  /** Replace the file if it is there. */
  readonly overwrite?: boolean;
  /** Kind of adapter. */
  readonly device?: string;
}

/** What is computed from what, and where to. */
interface Plan {
  readonly dataset: ReturnType<typeof loadConfig>["DATASET"];
  readonly teacher: string;
  readonly ckpt: string;
  readonly out: string;
}

/**
 * Writes WKD-L's cost matrix: 1 - CKA of the teacher's pooled last features of every two classes.
 *
 * @returns the exit status
 */
export async function costMatrix(flags: CostMatrixFlags): Promise<number> {
  const plan = makePlan(flags);
  const { dataset, teacher, ckpt, out } = plan;
  if (!flags.overwrite && fileExists(out)) {
    throw new CliError(`${out} is already there; replace it with --overwrite or choose --out`);
  }
  checkFolder(dirname(out));
  await openDevice(flags.device);
  const { train } = await loadDataset(dataset, datasetCallbacks());
  const model = loadCheckpointModel(teacher, ckpt, train);
  const bar = countBar(`features of ${teacher}`, "images");
  const { features, shape } = await classFeatures(model, train, {
    samples: flags.samples,
    onProgress: bar.update,
  });
  bar.clear();
  const products = countBar("comparing classes", "blocks");
  const cost = await linearCkaCost(features, shape, { onProgress: products.update });
  products.clear();
  model.dispose();
  writeCostMatrix(out, cost, shape[0], describe(plan, flags.samples));
  console.log(summary(cost, train.classes, out));
  return 0;
}

function makePlan(flags: CostMatrixFlags): Plan {
  const config = loadConfig(flags.cfg ?? null);
  const type = flags.dataset ?? (flags.cfg ? config.DATASET.TYPE : "fashion_mnist");
  const named = flags.teacher ?? (flags.cfg ? config.DISTILLER.TEACHER : undefined);
  if (!named && !flags.ckpt) {
    throw new CliError("cost-matrix wants --cfg, or --teacher and --ckpt, to know the teacher");
  }
  const ckpt = flags.ckpt ?? teacherPath({
    ...config,
    DATASET: { ...config.DATASET, TYPE: type },
    DISTILLER: { ...config.DISTILLER, TEACHER: named! },
  });
  const teacher = checkpointModelName(ckpt, named, "--teacher");
  const out = flags.out ?? join("wkd_cost_matrix", type, teacher, "linear_cka.safetensors");
  return { dataset: { ...config.DATASET, TYPE: type, SUBSET: 0 }, teacher, ckpt, out };
}

/** How the file was made, without dates: the same command gives the same bytes. */
function describe({ dataset, teacher, ckpt, out }: Plan, samples: number): Record<string, string> {
  const words = ["--teacher", teacher, "--ckpt", ckpt, "--dataset", dataset.TYPE];
  const size = ["--samples", String(samples), "--out", out];
  return {
    format: "pt",
    command: shellWords(["deno", "task", "cost-matrix", ...words, ...size]),
    teacher,
    checkpoint: basename(ckpt),
    dataset: dataset.TYPE,
    samples_per_class: String(samples),
    features:
      "last feature map averaged over space, first training images of each class, no augmentation",
    cost: "1 - linear CKA",
  };
}

function summary(cost: Float32Array, classes: readonly string[], out: string): string {
  const n = classes.length;
  const pairs = Array.from({ length: n * n }, (_, at) => at)
    .filter((at) => Math.floor(at / n) < at % n)
    .sort((a, b) => cost[a] - cost[b]);
  const name = (at: number) =>
    `${classes[Math.floor(at / n)]} and ${classes[at % n]} (${cost[at].toFixed(3)})`;
  return `${out}: ${n} x ${n}, most alike ${name(pairs[0])}, least ${name(pairs.at(-1)!)}`;
}
