import type { Config } from "../config/config.ts";
import { programWords } from "../config/program.ts";
import { asTyped } from "../config/typed_path.ts";
import { UserError } from "../errors.ts";
import { fileExists } from "../formats/paths.ts";
import { costMatrixSettings } from "../run/run_cost_matrix.ts";
import { publishedTeacher, teacherPlaces } from "../run/run_paths.ts";
import { importWords } from "./import_modules.ts";
import { shellWords } from "./terminal/shell_words.ts";

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
 * Refuses to start WKD-L without its cost matrix.
 *
 * @param cfg the configuration's file, for the command that makes the matrix
 * @throws UserError saying how to get it
 */
export function checkCostMatrix(config: Config, cfg: string): void {
  const { section, path = null } = costMatrixSettings(config) ?? {};
  if (path === null || path === "" || fileExists(path)) return;
  throw new UserError(
    `there is no cost matrix ${path} (${section}.COST_MATRIX_PATH); make it with ` +
      `"${
        shellWords([...programWords(), "cost-matrix", "--cfg", asTyped(cfg), ...importWords()])
      }", copy the authors' there, ` +
      `or set ${section}.COST_MATRIX fc`,
  );
}
