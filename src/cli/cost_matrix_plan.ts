import { basename, join } from "@std/path";
import type { Config } from "../config/config.ts";
import type { FeatureSource } from "../cost_matrix/class_features.ts";
import { UserError } from "../errors.ts";
import { formatOfName } from "../formats/format_of_name.ts";
import { loadCheckpoint } from "../train/checkpoint.ts";
import { checkTeacher } from "./check_teacher.ts";
import { checkpointConfig } from "./checkpoint_config.ts";
import { checkpointModelName } from "./checkpoint_model.ts";
import { teacherPath } from "./run_paths.ts";

/** How alike two classes are. */
export type Similarity = "linear_cka" | "poly_cka" | "rbf_cka" | "cosine";

/** Options of the `cost-matrix` command. */
export interface CostMatrixFlags {
  /** Architecture; default: the configuration's, or the checkpoint's metadata. */
  readonly teacher?: string;
  /** The teacher's checkpoint; default: the configuration's, or the usual place. */
  readonly ckpt?: string;
  /** Configuration that names teacher, checkpoint and data set. */
  readonly cfg?: string;
  /** Data set; default: the configuration's, or the one that the checkpoint was trained on, or `cifar100`. */
  readonly dataset?: string;
  /** What classes are compared by; default: what the file's name says, or `features` for linear CKA, else `pooled`. */
  readonly source?: FeatureSource;
  /** How they are compared; default: what the configuration's file name says, or `linear_cka`. */
  readonly similarity?: Similarity;
  /** Degree of `poly_cka`; default 3. */
  readonly degree?: number;
  /** Bandwidth of `rbf_cka`, in units of the root of the median squared distance; default 1. */
  readonly bandwidth?: number;
  /** Training images of each class; default: as many as the smallest has, at most 1000. */
  readonly samples?: number;
  /** The file to write; default: the configuration's, or one by teacher and similarity. */
  readonly out?: string;
  /** Replace the file if it is there. */
  readonly overwrite?: boolean;
  /** Kind of adapter. */
  readonly device?: string;
}

/** What is computed from what, and where to. */
export interface CostMatrixPlan {
  readonly dataset: Config["DATASET"];
  readonly teacher: string;
  readonly ckpt: string;
  readonly source: FeatureSource;
  readonly similarity: Similarity;
  readonly degree: number;
  readonly bandwidth: number;
  readonly samples: number | null;
  readonly out: string;
}

/**
 * What `cost-matrix` does: with a configuration, the file that it names (WKD.COST_MATRIX_PATH), made in the way that the
 * file's name says, such as `logit_linear_cka`.
 *
 * @throws UserError where options do not go together or there is no teacher, FormatError where the file's extension says no
 * format
 */
export function makePlan(flags: CostMatrixFlags, overrides: readonly string[]): CostMatrixPlan {
  checkMethod(flags);
  const config = checkpointConfig(flags.ckpt ?? null, flags, overrides);
  const type = config.DATASET.TYPE;
  const { ckpt, teacher } = findTeacher(flags, config);
  const named = flags.cfg ? config.WKD.COST_MATRIX_PATH : "";
  const method = METHOD.exec(stem(named));
  const similarity = flags.similarity ?? method?.[2] as Similarity | undefined ?? "linear_cka";
  const source = flags.source ?? PREFIXES.get(method?.[1] ?? "") ?? usualSource(similarity);
  checkMethod({ ...flags, similarity });
  const name = nameOf(source, similarity);
  const usual = join("wkd_cost_matrix", type, teacher, `${name}.safetensors`);
  const asNamed = named !== "" && (method === null || name === stem(named));
  const out = flags.out ?? (asNamed ? named : usual);
  formatOfName(out);
  return {
    ...{ teacher, ckpt, source, similarity, samples: flags.samples ?? null },
    dataset: { ...config.DATASET, SUBSET: 0 },
    degree: flags.degree ?? 3,
    bandwidth: flags.bandwidth ?? 1,
    out,
  };
}

const METHOD = /^(logit_|pooled_|features_)?(linear_cka|poly_cka|rbf_cka|cosine)$/;

const PREFIXES: ReadonlyMap<string, FeatureSource> = new Map([
  ["logit_", "logits"],
  ["pooled_", "pooled"],
  ["features_", "features"],
]);

/** What the authors compare; the matrices of other kernels grow with the square of the samples. */
function usualSource(similarity: Similarity): FeatureSource {
  return similarity === "linear_cka" ? "features" : "pooled";
}

function nameOf(source: FeatureSource, similarity: Similarity): string {
  if (similarity === "cosine" || source === usualSource(similarity)) return similarity;
  const [prefix] = [...PREFIXES].find(([, each]) => each === source)!;
  return `${prefix}${similarity}`;
}

function stem(path: string): string {
  return basename(path).replace(/\.[^.]*$/, "");
}

function checkMethod({ similarity, source, degree, bandwidth }: CostMatrixFlags): void {
  if (similarity === "cosine" && source !== undefined) {
    throw new UserError("--similarity cosine compares rows of the classifier; leave --source out");
  }
  if (similarity && similarity !== "poly_cka" && degree !== undefined) {
    throw new UserError("--degree is of --similarity poly_cka; leave it out or choose that");
  }
  if (similarity && similarity !== "rbf_cka" && bandwidth !== undefined) {
    throw new UserError("--bandwidth is of --similarity rbf_cka; leave it out or choose that");
  }
}

/** A checkpoint that is named says itself which model it holds, else the configuration does. */
function findTeacher(flags: CostMatrixFlags, config: Config): { ckpt: string; teacher: string } {
  const said = flags.ckpt ? loadCheckpoint(flags.ckpt).metadata.model : undefined;
  const named = flags.teacher ?? said ?? (flags.cfg ? config.DISTILLER.TEACHER : undefined);
  if (!named && !flags.ckpt) {
    throw new UserError("cost-matrix wants --cfg, or --teacher and --ckpt, to know the teacher");
  }
  const ckpt = flags.ckpt ?? usualTeacher(config, named!);
  return { ckpt, teacher: checkpointModelName(ckpt, named, "--teacher") };
}

function usualTeacher(config: Config, teacher: string): string {
  const wanted = { ...config, DISTILLER: { ...config.DISTILLER, TEACHER: teacher } };
  checkTeacher(wanted, "--ckpt");
  return teacherPath(wanted);
}
