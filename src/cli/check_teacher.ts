import type { Config } from "../config/config.ts";
import { UserError } from "../errors.ts";
import { fileExists } from "./file_exists.ts";
import { publishedTeacher, teacherPlaces } from "./run_paths.ts";

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
