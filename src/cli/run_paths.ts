import { join } from "@std/path";
import type { Config } from "../config/config.ts";

/** Name of a run: EXPERIMENT.NAME, or EXPERIMENT.TAG with underscores for commas. */
export function runName(config: Config): string {
  const { NAME, TAG } = config.EXPERIMENT;
  return NAME || TAG.split(",").map((tag) => tag.trim()).join("_");
}

/** Folder of a run: LOG.PREFIX, EXPERIMENT.PROJECT, name. */
export function runFolder(config: Config): string {
  return join(config.LOG.PREFIX, config.EXPERIMENT.PROJECT, runName(config));
}

/** File of the teacher: DISTILLER.TEACHER_CHECKPOINT, or `checkpoints/<data set>/<teacher>.safetensors`. */
export function teacherPath(config: Config): string {
  const { TEACHER, TEACHER_CHECKPOINT } = config.DISTILLER;
  return TEACHER_CHECKPOINT || join("checkpoints", config.DATASET.TYPE, `${TEACHER}.safetensors`);
}
