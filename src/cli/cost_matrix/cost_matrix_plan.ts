import { join } from "@std/path";
import { changedSettings } from "../../config/changed_settings.ts";
import type { Config } from "../../config/config.ts";
import type { FeatureSource } from "../../cost_matrix/class_features.ts";
import { UserError } from "../../errors.ts";
import { formatOfName } from "../../formats/format_of_name.ts";
import { type Checkpoint, loadCheckpoint } from "../../run/checkpoints/checkpoint.ts";
import {
  configuredMatrix,
  type Similarity,
  usualSource,
} from "../../run/cost_matrix/make_cost_matrix.ts";
import { teacherPath } from "../../run/run_paths.ts";
import { checkTeacher } from "../check_config.ts";
import { checkpointConfig, checkpointModelName } from "../checkpoints/checkpoint_model.ts";

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
  /** What classes are compared by; default: what the configuration says, or `features` for linear CKA (of ImageNet `logits`), else `pooled`. */
  readonly source?: FeatureSource;
  /** How they are compared; default: what the configuration says, or `linear_cka`. */
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
  /** What says the family of the teacher and the normalisation of its images. */
  readonly config: Config;
  readonly dataset: Config["DATASET"];
  readonly teacher: string;
  readonly checkpoint: Checkpoint;
  readonly source: FeatureSource;
  readonly similarity: Similarity;
  readonly degree: number;
  readonly bandwidth: number;
  readonly samples: number | null;
  readonly out: string;
  /** Pairs KEY VALUE of the configuration's file that the images or the teacher are others by. */
  readonly settings: readonly string[];
}

/** What changes no image, or is said otherwise. */
const WITHOUT_EFFECT = [
  ...["TYPE", "SUBSET", "TEST.BATCH_SIZE", "NUM_WORKERS", "NUM_CLASSES", "PREFETCH"],
  ...["ON_CORRUPT", "CACHE", "CACHE_DIR", "CACHE_SIZE"],
].map((name) => `DATASET.${name}`);

/**
 * What `cost-matrix` does: with a configuration, the file that it names (COST_MATRIX_PATH), made in the way that it says
 * (COST_MATRIX_SOURCE, COST_MATRIX_SIMILARITY).
 *
 * @throws UserError where options do not go together or there is no teacher, FormatError where the file's extension says no
 * format
 */
export function makePlan(flags: CostMatrixFlags, overrides: readonly string[]): CostMatrixPlan {
  checkMethod(flags);
  const given = flags.ckpt === undefined ? null : loadCheckpoint(flags.ckpt);
  const config = checkpointConfig(given, flags, overrides);
  const type = config.DATASET.TYPE;
  const { checkpoint, teacher } = findTeacher(flags, given, config);
  const configured = configuredMatrix(config);
  const similarity = flags.similarity ?? configured.similarity;
  const sourceOf = (how: Similarity) => configured.source ?? usualSource(how, type);
  const source = flags.source ?? sourceOf(similarity);
  checkMethod({ ...flags, similarity });
  const usual = join(
    ...["wkd_cost_matrix", type, teacher],
    `${nameOf(source, similarity)}.safetensors`,
  );
  const asConfigured = similarity === configured.similarity && source === sourceOf(similarity);
  const named = flags.cfg && asConfigured ? configured.path : "";
  const out = flags.out ?? (named || usual);
  formatOfName(out);
  return {
    settings: flags.cfg ? settingsOf(config, overrides) : [],
    ...{ config, teacher, checkpoint, source, similarity, samples: flags.samples ?? null },
    dataset: { ...config.DATASET, SUBSET: 0 },
    degree: flags.degree ?? 3,
    bandwidth: flags.bandwidth ?? 1,
    out,
  };
}

function settingsOf(config: Config, overrides: readonly string[]): string[] {
  const given = [...WITHOUT_EFFECT, ...overrides.filter((_, i) => i % 2 === 0)];
  return Object.entries(changedSettings(config, ["DATASET", "MODEL", "TEACHER"], given)).flat();
}

/** Names of the sources in front of that of the similarity. */
const PREFIXES: Readonly<Record<FeatureSource, string>> = {
  features: "features_",
  pooled: "pooled_",
  logits: "logit_",
};

function nameOf(source: FeatureSource, similarity: Similarity): string {
  const plain = similarity === "linear_cka" ? "features" : "pooled";
  return similarity === "cosine" || source === plain
    ? similarity
    : `${PREFIXES[source]}${similarity}`;
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
function findTeacher(
  flags: CostMatrixFlags,
  given: Checkpoint | null,
  config: Config,
): { checkpoint: Checkpoint; teacher: string } {
  const named = flags.teacher ?? given?.metadata.model ??
    (flags.cfg ? config.DISTILLER.TEACHER : undefined);
  if (!named && !flags.ckpt) {
    throw new UserError("cost-matrix wants --cfg, or --teacher and --ckpt, to know the teacher");
  }
  const checkpoint = given ?? loadCheckpoint(usualTeacher(config, named!));
  return { checkpoint, teacher: checkpointModelName(checkpoint, named, "--teacher") };
}

function usualTeacher(config: Config, teacher: string): string {
  const wanted = { ...config, DISTILLER: { ...config.DISTILLER, TEACHER: teacher } };
  checkTeacher(wanted, "--ckpt");
  return teacherPath(wanted);
}
