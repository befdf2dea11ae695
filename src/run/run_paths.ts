import { isAbsolute, join } from "@std/path";
import { type Config, ConfigError } from "../config/config.ts";
import { datasetOf } from "../data/registry.ts";
import { fileExists } from "../formats/paths.ts";
import { shown } from "../formats/visible.ts";

/** Name of a run: EXPERIMENT.NAME, or EXPERIMENT.TAG with underscores for commas. */
export function runName(config: Config): string {
  const { NAME, TAG } = config.EXPERIMENT;
  return NAME || TAG.split(",").map((tag) => tag.trim()).filter(Boolean).join("_");
}

/**
 * Folder of a run: LOG.PREFIX, EXPERIMENT.PROJECT, name. Both may have folders of their own, as in `kd/seed1`.
 *
 * @throws ConfigError where one of them leaves LOG.PREFIX, or the run has no name
 */
export function runFolder(config: Config): string {
  const { PROJECT, NAME, TAG } = config.EXPERIMENT;
  const name = runName(config);
  checkFolders("EXPERIMENT.PROJECT", PROJECT, PROJECT);
  const [key, given] = NAME ? ["EXPERIMENT.NAME", NAME] : ["EXPERIMENT.TAG", TAG];
  if (name.trim() === "") {
    throw new ConfigError(
      `${key} ${
        shown(JSON.stringify(given))
      } gives the run no name; set EXPERIMENT.NAME to one such as kd_seed1`,
    );
  }
  checkFolders(key, given, name);
  return join(config.LOG.PREFIX, PROJECT, name);
}

/** What cannot stand in a name: control characters, those that turn the direction of a text, and halves of characters. */
const UNFIT = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** Refuses a part of a run's path that leads out of the folder it stands in. */
function checkFolders(key: string, given: string, path: string): void {
  const steps = path.split(/[\\/]/).map((step) => step.trim());
  const why = path.search(UNFIT) >= 0
    ? "has control characters"
    : isAbsolute(path) || /^[\\/]|^[a-z]:/i.test(path)
    ? "is an absolute path"
    : steps.some((step) => /^(\.+|~)$/.test(step))
    ? `has a folder ${JSON.stringify(steps.find((step) => /^(\.+|~)$/.test(step)))}`
    : null;
  if (why === null) return;
  const plain = JSON.stringify(given).replace(UNFIT, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  throw new ConfigError(
    `${key} ${shown(plain)} ${why}; it is a name below LOG.PREFIX, such as kd_seed1 or kd/seed1`,
  );
}

/** Where a teacher is looked for when DISTILLER.TEACHER_CHECKPOINT is empty, the last as the authors lay it out. */
export function teacherPlaces(config: Config): string[] {
  const { DISTILLER: { TEACHER }, DATASET: { TYPE } } = config;
  const ours = ["safetensors", "pth"].map((end) => join("checkpoints", TYPE, `${TEACHER}.${end}`));
  return [...ours, ...datasetOf(TYPE).teacherPlaces?.(TEACHER) ?? []];
}

/** Which published file a missing teacher may be, as a clause; empty where there is none. */
export function publishedTeacher({ DISTILLER, DATASET }: Config): string {
  const published = datasetOf(DATASET.TYPE).publishedTeacher?.(DISTILLER.TEACHER);
  return published ? `${published}; ` : "";
}

/** File of the teacher: DISTILLER.TEACHER_CHECKPOINT, or the first of {@linkcode teacherPlaces} that is there. */
export function teacherPath(config: Config): string {
  const places = teacherPlaces(config);
  return config.DISTILLER.TEACHER_CHECKPOINT || (places.find(fileExists) ?? places[0]);
}
