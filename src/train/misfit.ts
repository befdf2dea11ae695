import {
  describeFit,
  type FittingModel,
  fittingModels,
  type StateShapes,
} from "../models/fitting_models.ts";
import { familyOf } from "../models/registry.ts";

/** What names a model and its weights, for errors. */
export interface ModelSettings {
  /** What the model is to the command: `teacher`, or `model`. */
  readonly role: string;
  /** What names the architecture, such as `DISTILLER.TEACHER`. */
  readonly model: string;
  /** What names the file of its weights, such as `DISTILLER.TEACHER_CHECKPOINT`. */
  readonly file: string;
  /** What names the data set, such as `DATASET.TYPE`. */
  readonly dataset: string;
}

/** What the configuration names a teacher by. */
export const TEACHER_SETTINGS: ModelSettings = {
  role: "teacher",
  model: "DISTILLER.TEACHER",
  file: "DISTILLER.TEACHER_CHECKPOINT",
  dataset: "DATASET.TYPE",
};

/**
 * Why the weights of a file are not those of the model that is wanted, which they would fit, and what to change, in one
 * sentence.
 *
 * @param reason what does not fit, for weights that fit no model
 */
export function misfit(
  path: string,
  state: StateShapes,
  wanted: FittingModel,
  settings: ModelSettings,
  reason: string,
): string {
  const { models, nearest } = fittingModels(state);
  const not = `${path} is not a ${describeFit(wanted)}`;
  if (models.length === 0) {
    const like = nearest ? ` (most like ${nearest.name})` : "";
    return `${not} and fits no model that is known here${like}: ${reason}; use another ${settings.file}`;
  }
  const fits = `${not}; it fits ${models.map(describeFit).join(" and ")}`;
  const usable = models.find((model) => isUsable(model, wanted));
  return usable
    ? `${fits}: use ${settings.model} ${usable.name} or another ${settings.file}`
    : `${fits}: use another ${settings.file}, or the ${settings.dataset} that it was trained on`;
}

/** Whether the name of a model that fits is all that has to change. */
function isUsable(model: FittingModel, wanted: FittingModel): boolean {
  return model.numClasses === wanted.numClasses && model.inChannels === wanted.inChannels &&
    familyOf(model.name, wanted.family) === model.family;
}
