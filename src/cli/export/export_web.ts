import { format } from "@std/fmt/bytes";
import { type Config, sectionOf } from "../../config/config.ts";
import { withProgram } from "../../config/program.ts";
import { resolveConfig } from "../../config/resolve_config.ts";
import { asTyped, typedPath } from "../../config/typed_path.ts";
import { parsePreprocessing, type Preprocessing } from "../../data/preprocessing.ts";
import { distillerOf } from "../../distill/registry.ts";
import { UserError } from "../../errors.ts";
import { fileExists } from "../../formats/paths.ts";
import { plural } from "../../logging/text.ts";
import { sameNormalisation } from "../../models/renormalise.ts";
import { importedModules } from "../../registry/imports.ts";
import { loadCheckpoint } from "../../run/checkpoints/checkpoint.ts";
import { type Classifier, classifierFile, openClassifier } from "../../run/models/classifier.ts";
import { teacherPath } from "../../run/run_paths.ts";
import { teacherNormalisation } from "../../run/models/teacher_normalisation.ts";
import { checkPageFolder, exportWeb, LESSON_METHOD, type WebModel } from "../../web/export_web.ts";
import type { LessonMethod } from "../../web/folder_card.ts";
import { note } from "../terminal/notes.ts";
import { shellWords } from "../terminal/shell_words.ts";

/** Options of a page. */
export interface WebFlags {
  /** The teacher's run or checkpoint as typed; default the one of the student's run. */
  readonly teacher?: string;
  /** Replace the page that is there. */
  readonly overwrite?: boolean;
}

/**
 * Writes a classifier as a folder of pages.
 *
 * @param folder as the program opens it
 * @returns what was written, in a few lines
 * @throws UserError where the folder holds other things, something that is needed is not known, or the teacher does not fit
 */
export async function exportWebFolder(
  { model, card, path }: Classifier,
  folder: string,
  { teacher, overwrite }: WebFlags,
): Promise<string> {
  checkPageFolder(folder, overwrite);
  const { preprocessing, numClasses } = card;
  if (!preprocessing) {
    throw new UserError(`${path} does not say how pictures are prepared, which a page has to know`);
  }
  const classes = card.classes ?? Array.from({ length: numClasses }, (_, i) => `class ${i}`);
  if (!card.classes) note(`${path} has no class names; the page numbers the classes`);
  const config = configOf(path);
  const taught = openTeacher(teacher, config, preprocessing);
  try {
    const student = { model, name: card.model, family: card.family };
    const method = config ? methodOf(config) : LESSON_METHOD;
    const modules = importedModules();
    const files = await exportWeb({
      ...{ folder, student, teacher: taught, classes, preprocessing, method, modules, overwrite },
    });
    const bytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
    const who = taught ? `taught by ${taught.name}` : "without a teacher";
    const typed = asTyped(folder);
    return `${typed}: ${card.model} in float16, ${who}; ${plural(files.length, "file")}, ` +
      `${format(bytes)}\n` +
      withProgram(`look at it with: deno task serve ${shellWords([typed])}`);
  } finally {
    taught?.model.dispose();
  }
}

/** The configuration of the run that a checkpoint comes from; null where it does not say it. */
function configOf(path: string): Config | null {
  const { metadata: { config } } = loadCheckpoint(path);
  return config === undefined ? null : resolveConfig(config, `the configuration in ${path}`);
}

/**
 * The teacher that is named, or that of the run; null where there is none, which is told.
 *
 * @param named its run or checkpoint as typed
 * @param config the configuration of the student's run
 * @param student how the student's pictures are prepared
 * @throws UserError where it cannot be opened or takes other images
 */
export function openTeacher(
  named: string | undefined,
  config: Config | null,
  student: Preprocessing,
): WebModel | null {
  const run = config && distillerOf(config.DISTILLER.TYPE).teacher !== false ? config : null;
  const file = named === undefined ? teacherOfRun(run) : classifierFile(typedPath(named));
  if (file === null) return null;
  const { channels } = student;
  const { metadata } = loadCheckpoint(file);
  const name = named === undefined ? undefined : metadata.model;
  // How pictures are prepared is the student's business, all but the normalisation.
  const { model, card } = openClassifier(file, { model: name ?? run?.DISTILLER.TEACHER });
  if (card.inChannels !== channels) {
    model.dispose();
    throw new UserError(
      `the teacher ${card.model} takes images of ${card.inChannels} channels, the student of ${channels}; name another --teacher`,
    );
  }
  const said = parsePreprocessing(metadata.preprocessing ?? "");
  const own = said?.channels === channels ? said : null;
  const configured = run && teacherNormalisation(run, channels);
  const { mean, std } = (named === undefined ? configured ?? own : own ?? configured) ?? student;
  const normalisation = sameNormalisation({ mean, std }, student) ? undefined : { mean, std };
  return { model, name: card.model, family: card.family, normalisation };
}

function teacherOfRun(config: Config | null): string | null {
  const none = "the second page trains nothing; --teacher FILE names one";
  if (!config) {
    note(`nothing says which teacher the student had: ${none}`);
    return null;
  }
  const file = teacherPath(config);
  if (fileExists(file)) return file;
  note(`the run's teacher is not at ${file} any more: ${none}`);
  return null;
}

/** How the run taught where that was by WKD-L, else the usual. */
export function methodOf(config: Config): LessonMethod {
  if (config.DISTILLER.TYPE !== "WKD") return LESSON_METHOD;
  const { LOSS, SINKHORN, TEMPERATURE, COST_MATRIX_SHARPEN } = sectionOf(config, "WKD") as Readonly<
    Record<string, number & Readonly<Record<string, number>>>
  >;
  if (!(LOSS.WKD_LOGIT_WEIGHT > 0)) return LESSON_METHOD;
  return {
    ...{ ceWeight: LOSS.CE_WEIGHT, weight: LOSS.WKD_LOGIT_WEIGHT, temperature: TEMPERATURE },
    ...{ lambda: SINKHORN.LAMBDA, iterations: SINKHORN.ITER, sharpen: COST_MATRIX_SHARPEN },
  };
}
