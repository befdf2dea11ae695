import { asTyped } from "../../config/typed_path.ts";
import type { DatasetInfo } from "../../data/image_dataset.ts";
import { findDataset } from "../../data/registry.ts";
import type { SafetensorsTensor } from "../../formats/safetensors/safetensors.ts";
import { stateEntries, type StateNumbers } from "../../formats/state_entries.ts";
import { type ModelFamily, modelFamily } from "../../models/family.ts";
import {
  describeFit,
  fitsShapes,
  fitsSomeModel,
  type FittingModel,
  fittingModels,
  shapesOf,
  type StateShapes,
} from "../../models/fitting_models.ts";
import { familyOf } from "../../models/registry.ts";
import type { Module } from "../../nn/module.ts";
import { findNotFinite } from "../../train/not_finite.ts";
import { type Checkpoint, CheckpointError, inFile } from "../checkpoints/checkpoint.ts";
import { addCounters, readState } from "../checkpoints/checkpoint_state.ts";

/**
 * Loads a model from a checkpoint, safetensors or torch: a state dict, bare or wrapped, or a whole run, of which the
 * student is taken. Batch normalisation's counters may be missing, as in torchvision's files.
 *
 * @param checkpoint its file, or what was read of it
 * @param wanted what the model is, for the error
 * @param settings what names it, for the error
 * @param tell takes a sentence where the weights lay in an unusual place, or something beside them was not read
 * @throws CheckpointError naming the file when it cannot be read; where it does not fit the model, with what it fits; where
 * it holds numbers that are not finite, with the tensor.
 */
export function loadModel(
  model: Module,
  checkpoint: string | Checkpoint,
  wanted: FittingModel,
  settings: ModelSettings,
  tell: (message: string) => void = () => {},
): void {
  const own = shapesOf(model.stateDict());
  const { path, entries, note } = readState(
    checkpoint,
    (shapes) => fitsShapes(shapes, own),
    fitsSomeModel,
  );
  const found = shapesOf(entries);
  addCounters(entries, own.keys());
  const reason = load(model, entries);
  if (note) tell(`${asTyped(path)}: ${note}`);
  if (reason === null) return refuseNotFinite(path, entries, wanted, settings);
  throw new CheckpointError(misfit(path, found, wanted, settings, reason));
}

/**
 * Refuses weights of which some are not finite: a single NaN among a network's makes all of what it says NaN, or all but all.
 *
 * @throws CheckpointError naming the first tensor
 */
export function refuseNotFinite(
  path: string,
  entries: ReadonlyMap<string, StateNumbers>,
  { name }: FittingModel,
  { role, file }: ModelSettings,
): void {
  const found = findNotFinite(entries);
  if (!found) return;
  throw new CheckpointError(
    `the ${role} ${name} in ${
      asTyped(path)
    } is no use: its weights are not all finite numbers, with ${found}; ` +
      `use another ${file}`,
  );
}

/**
 * Loads tensors of a checkpoint into a module.
 *
 * @throws CheckpointError naming the file when they do not fit.
 */
export function loadTensors(
  module: Module,
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  path: string,
): void {
  const reason = load(module, inFile(path, () => stateEntries(tensors)));
  if (reason !== null) {
    throw new CheckpointError(`${asTyped(path)} does not fit the model: ${reason}`);
  }
}

/** Loads tensors, or says why they do not fit. */
function load(module: Module, entries: ReadonlyMap<string, StateNumbers>): string | null {
  try {
    module.loadStateDict(entries);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

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
function misfit(
  path: string,
  state: StateShapes,
  wanted: FittingModel,
  settings: ModelSettings,
  reason: string,
): string {
  const { models, nearest } = fittingModels(state);
  const not = `${asTyped(path)} is not a ${describeFit(wanted)}`;
  if (models.length === 0) {
    const like = nearest ? ` (most like ${nearest.name})` : "";
    return `${not} and fits no model that is known here${like}: ${reason}; use another ${settings.file}`;
  }
  const fits = `${not}; it fits ${models.map(describeFit).join(" and ")}`;
  const usable = models.find((model) => isUsable(model, wanted));
  if (usable) return `${fits}: use ${settings.model} ${usable.name} or another ${settings.file}`;
  const sibling = models.find((model) => isSibling(model, wanted));
  return sibling
    ? `${fits}: set MODEL.FAMILY ${sibling.family} or use another ${settings.file}`
    : `${fits}: use another ${settings.file}, or the ${settings.dataset} that it was trained on`;
}

/** Whether the name of a model that fits is all that has to change. */
function isUsable(model: FittingModel, wanted: FittingModel): boolean {
  return hasSizes(model, wanted) && familyOf(model.name, wanted.family) === model.family;
}

/** Whether a model that fits is the one of that name for images of another size. */
function isSibling(model: FittingModel, wanted: FittingModel): boolean {
  return hasSizes(model, wanted) && model.name === wanted.name;
}

function hasSizes(model: FittingModel, wanted: FittingModel): boolean {
  return model.numClasses === wanted.numClasses && model.inChannels === wanted.inChannels;
}

/**
 * What a model by the authors' name is for a data set: its classes, channels and family.
 *
 * @param family as `MODEL.FAMILY`; default by the data set, or else the images' height
 * @throws UserError for an unknown name, with the nearest one.
 */
export function modelOf(
  name: string,
  dataset: DatasetInfo,
  family: ModelFamily | "auto" = "auto",
): FittingModel {
  const [type] = dataset.name.split("/");
  const usual = () => findDataset(type)?.models ?? modelFamily(dataset.height);
  return {
    name,
    family: familyOf(name, family === "auto" ? usual() : family),
    numClasses: dataset.classes.length,
    inChannels: dataset.channels,
  };
}
