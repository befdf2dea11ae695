import { basename, join } from "node:path";
import type { Config } from "../../config/config.ts";
import { resolveConfig } from "../../config/resolve_config.ts";
import { UserError } from "../../errors.ts";
import { checkpointPath } from "../run_files.ts";
import { runFolder } from "../run_paths.ts";
import { costMatrixSettings } from "../run_cost_matrix.ts";
import { type Decisions, type DistillRequest, methodSettings } from "./decisions.ts";

/** A run of a pipeline by what it trains. */
export type RunName = "teacher" | "student" | "alone" | "kd";

/** Keys that a pipeline sets by itself, with what says them. */
const OWN_KEYS: Readonly<Record<string, string>> = {
  "EXPERIMENT.NAME": "--name",
  "EXPERIMENT.TAG": "--name",
  "EXPERIMENT.PROJECT": "LOG.PREFIX",
  "DATASET.TYPE": "the pictures",
  "DATASET.ROOT": "the pictures",
  "DATASET.SPLIT": "the pictures",
  "DATASET.VALIDATION": "--validation",
  "DATASET.IMAGE_SIZE": "--size",
  "DATASET.INPUT_SIZE": "--size",
  "DISTILLER.TYPE": "--method",
  "DISTILLER.TEACHER": "--teacher",
  "DISTILLER.TEACHER_CHECKPOINT": "--teacher",
  "DISTILLER.STUDENT": "--student",
  "DISTILLER.STUDENT_CHECKPOINT": "--teacher-init",
  "SOLVER.SEED": "--seed",
  "EXPERIMENT.SEED": "--seed",
};

/** First folder of a pipeline's runs. */
const PROJECT = "distill";

/**
 * Refuses settings that a pipeline decides itself.
 *
 * @throws UserError naming what says it
 */
export function refuseOwnKeys(overrides: readonly string[]): void {
  const key = overrides.find((word, i) => i % 2 === 0 && Object.hasOwn(OWN_KEYS, word));
  if (key === undefined) return;
  throw new UserError(`${key} is not for distill, which has ${OWN_KEYS[key]} for it`);
}

/** Where a pipeline's files lie. */
export class PipelineFiles {
  constructor(readonly folder: string) {}

  /** What was asked for, decided and done. */
  get state(): string {
    return join(this.folder, "pipeline.json");
  }
  /** Which pictures are held out and left out. */
  get split(): string {
    return join(this.folder, "split.json");
  }
  /** The cost matrix of the teacher. */
  get costMatrix(): string {
    return join(this.folder, "cost_matrix.safetensors");
  }
  /** The configuration of a run, for `train --cfg`. */
  config(run: RunName): string {
    return join(this.folder, `${run}.yaml`);
  }
  /** The student in a form that its extension says. */
  student(extension: string): string {
    return join(this.folder, `student.${extension}`);
  }
}

/** The folder of a pipeline, below LOG.PREFIX. */
export function pipelineFolder(name: string, overrides: readonly string[]): string {
  const own = { EXPERIMENT: { PROJECT, NAME: name } };
  return runFolder(resolveConfig(JSON.stringify(own), "distill", overrides));
}

/**
 * The configuration of one of a pipeline's runs. What the user said wins over what was decided.
 *
 * @throws ConfigError as `resolveConfig()` does
 */
export function runConfig(
  run: RunName,
  files: PipelineFiles,
  request: DistillRequest,
  decisions: Decisions,
): Config {
  const method = run === "kd" ? { type: "KD", settings: [] } : methodSettings(request.method);
  const taught = run === "student" || run === "kd";
  const own = {
    EXPERIMENT: { PROJECT, NAME: `${basename(files.folder)}/${run}` },
    DATASET: dataset(files, request, decisions),
    MODEL: { FAMILY: decisions.family ?? "auto" },
    DISTILLER: {
      TYPE: taught ? method.type : "NONE",
      STUDENT: run === "teacher" ? decisions.teacher : decisions.student,
      ...(taught ? { TEACHER: decisions.teacher } : {}),
      ...(run === "teacher" ? { STUDENT_CHECKPOINT: request.teacherInit ?? "" } : {}),
    },
    SOLVER: {
      BATCH_SIZE: decisions.batch,
      EPOCHS: decisions.epochs,
      LR: decisions.lr,
      LR_SCHEDULE: "cosine",
      WARMUP_EPOCHS: decisions.warmup,
      WEIGHT_DECAY: 5e-4,
      SEED: request.seed,
    },
  };
  const settings = taught ? method.settings : [];
  const config = resolveConfig(JSON.stringify(own), "distill", [
    ...settings,
    ...request.overrides,
  ]);
  return taught ? withTeacher(config, files, request) : config;
}

function dataset(files: PipelineFiles, { pictures, type }: DistillRequest, decisions: Decisions) {
  if (type !== "image_folder") return { TYPE: type };
  const { transform, size } = decisions;
  return {
    TYPE: type,
    ROOT: pictures,
    SPLIT: files.split,
    TRANSFORM: transform,
    IMAGE_SIZE: size,
    ON_CORRUPT: "skip",
    // Pictures that are cut anew in every epoch are decoded once.
    CACHE: transform === "imagenet",
  };
}

function withTeacher(
  config: Config,
  files: PipelineFiles,
  { teacherFile }: DistillRequest,
): Config {
  const { DISTILLER, LOG } = config;
  const trained = checkpointPath(
    join(files.folder, "teacher"),
    "student_best",
    LOG.CHECKPOINT_FORMAT,
  );
  const taught: Config = {
    ...config,
    DISTILLER: { ...DISTILLER, TEACHER_CHECKPOINT: teacherFile ?? trained },
  };
  const matrix = costMatrixSettings(taught);
  if (!matrix || matrix.path === null || matrix.path !== "") return taught;
  const section = (taught as unknown as Record<string, object>)[matrix.section];
  return { ...taught, [matrix.section]: { ...section, COST_MATRIX_PATH: files.costMatrix } };
}
