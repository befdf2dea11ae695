import type { Config } from "../config/config.ts";
import { checkDataset } from "../data/load_dataset.ts";
import { wantsTeacher } from "../distill/registry.ts";
import { UserError } from "../errors.ts";
import { checkTarget } from "../formats/atomic_write.ts";
import { formatOfName } from "../formats/format_of_name.ts";
import { fileExists } from "../formats/paths.ts";
import { familyOf } from "../models/registry.ts";
import { costMatrixSettings } from "../run/cost_matrix/run_cost_matrix.ts";
import { publishedTeacher, teacherPlaces } from "../run/run_paths.ts";

/**
 * Refuses names that nothing has, before anything is opened for them.
 *
 * @throws UserError for a model or a data set that is not there, with the nearest one or all
 */
export function checkNames({ DATASET, DISTILLER: { TYPE, TEACHER, STUDENT } }: Config): void {
  checkDataset(DATASET.TYPE);
  familyOf(STUDENT);
  if (wantsTeacher(TYPE)) familyOf(TEACHER);
}

/**
 * Refuses to start without a teacher in one of the usual places, where none is named.
 *
 * @param option what else names it, such as `--ckpt`
 * @throws UserError saying where it was looked for
 */
export function checkTeacher(config: Config, option = "DISTILLER.TEACHER_CHECKPOINT"): void {
  const { TEACHER, TEACHER_CHECKPOINT } = config.DISTILLER;
  if (TEACHER_CHECKPOINT) return;
  const places = teacherPlaces(config);
  if (places.some(fileExists)) return;
  throw new UserError(
    `there is no checkpoint of the teacher ${TEACHER}: none of ${places.join(", ")} is there; ` +
      `${publishedTeacher(config)}put it there or name it with ${option}`,
  );
}

/**
 * Refuses to start where the file of weights that the student starts from is not there.
 *
 * @throws UserError naming it
 */
export function checkStudent({ DISTILLER: { STUDENT, STUDENT_CHECKPOINT: path } }: Config): void {
  if (path === "" || fileExists(path)) return;
  throw new UserError(
    `there is no file ${path}, which the student ${STUDENT} is to start from ` +
      "(DISTILLER.STUDENT_CHECKPOINT, --init)",
  );
}

/**
 * Refuses to start WKD-L where its cost matrix is missing and cannot be made.
 *
 * @throws FormatError where its name says no format, WriteError where something else is in its place
 */
export function checkCostMatrix(config: Config): void {
  const { path = null } = costMatrixSettings(config) ?? {};
  if (path === null || path === "" || fileExists(path)) return;
  formatOfName(path);
  checkTarget(path);
}
