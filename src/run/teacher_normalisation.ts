import type { Config } from "../config/config.ts";
import type { DatasetInfo } from "../data/image_dataset.ts";
import { UserError } from "../errors.ts";
import type { Model } from "../models/model.ts";
import { type Normalisation, renormalise } from "../models/renormalise.ts";

/**
 * What a configuration says that a teacher's images are normalised by; null where it says nothing, and the teacher sees what
 * the student sees.
 *
 * @param channels of the images
 * @throws UserError where the keys do not fit one another or the images
 */
export function teacherNormalisation(
  { TEACHER: { MEAN, STD } }: Pick<Config, "TEACHER">,
  channels: number,
): Normalisation | null {
  if (MEAN.length === 0 && STD.length === 0) return null;
  if (MEAN.length === channels && STD.length === channels) return { mean: MEAN, std: STD };
  throw new UserError(
    `TEACHER.MEAN has ${MEAN.length} numbers and TEACHER.STD ${STD.length}; give one to each of the images' ${channels} ` +
      `channel${channels === 1 ? "" : "s"}, or leave both out`,
  );
}

/**
 * Makes a teacher take the images of a data set and see them as it was trained to.
 *
 * @returns the teacher
 * @throws UserError as {@linkcode teacherNormalisation} does
 */
export function asTeacher(
  teacher: Model,
  config: Pick<Config, "TEACHER">,
  { channels, mean, std }: DatasetInfo,
): Model {
  const own = teacherNormalisation(config, channels);
  return own ? renormalise(teacher, { mean, std }, own) : teacher;
}
