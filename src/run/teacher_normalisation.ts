import type { Config } from "../config/config.ts";
import type { DatasetInfo } from "../data/image_dataset.ts";
import { parsePreprocessing } from "../data/preprocessing.ts";
import { UserError } from "../errors.ts";
import type { Model } from "../models/model.ts";
import { type Normalisation, renormalise, sameNormalisation } from "../models/renormalise.ts";
import type { Checkpoint } from "./checkpoint.ts";

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
    `TEACHER.MEAN is [${MEAN.join(", ")}] and TEACHER.STD [${
      STD.join(", ")
    }]; give both one number for each of the ` +
      `images' ${channels} channel${channels === 1 ? "" : "s"}, or leave both out`,
  );
}

/** What else is known of a teacher. */
interface TeacherFile {
  /** Its checkpoint, whose metadata may say what it was trained with. */
  readonly checkpoint?: Checkpoint;
  /** Told in a sentence where that is taken. */
  readonly note?: (message: string) => void;
}

/**
 * Makes a teacher take the images of a data set and see them as it was trained to: by TEACHER.MEAN and TEACHER.STD, else by
 * what its checkpoint says, else as the student sees them.
 *
 * @returns the teacher
 * @throws UserError as {@linkcode teacherNormalisation} does
 */
export function asTeacher(
  teacher: Model,
  config: Pick<Config, "TEACHER">,
  { channels, mean, std }: DatasetInfo,
  { checkpoint, note = () => {} }: TeacherFile = {},
): Model {
  const images = { mean, std };
  const configured = teacherNormalisation(config, channels);
  if (configured) return renormalise(teacher, images, configured);
  const { preprocessing } = checkpoint?.metadata ?? {};
  const saved = preprocessing === undefined ? null : parsePreprocessing(preprocessing);
  if (!saved || saved.channels !== channels || sameNormalisation(saved, images)) return teacher;
  note(
    `the teacher's images are normalised as ${checkpoint!.path} says it was trained: mean ${
      saved.mean.join(" ")
    }, ` + `std ${saved.std.join(" ")} (TEACHER.MEAN and TEACHER.STD say otherwise)`,
  );
  return renormalise(teacher, images, saved);
}
