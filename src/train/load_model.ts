import { modelState, stateNote } from "../formats/model_state.ts";
import type { SafetensorsTensor } from "../formats/safetensors.ts";
import { stateEntries, type StateNumbers } from "../formats/state_entries.ts";
import {
  fitsShapes,
  fitsSomeModel,
  type FittingModel,
  isBatchCounter,
} from "../models/fitting_models.ts";
import type { Module } from "../nn/module.ts";
import { type Checkpoint, CheckpointError, inFile, loadCheckpoint } from "./checkpoint.ts";
import { misfit, type ModelSettings } from "./misfit.ts";
import { findNotFinite } from "./not_finite.ts";

/** Batch normalisation's counter where a file has none. PyTorch: `_NormBase._load_from_state_dict`. */
const COUNTER: StateNumbers = { shape: [], data: Int32Array.of(0) };

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
  const { path, value } = typeof checkpoint === "string" ? loadCheckpoint(checkpoint) : checkpoint;
  const own = new Map([...model.stateDict()].map(([name, { shape }]) => [name, shape]));
  const state = inFile(
    path,
    () => modelState(value, (shapes) => fitsShapes(shapes, own), fitsSomeModel),
  );
  const { tensors } = state;
  const entries = inFile(path, () => stateEntries(tensors));
  for (const name of model.stateDict().keys()) {
    if (isBatchCounter(name) && !entries.has(name)) entries.set(name, COUNTER);
  }
  const reason = load(model, entries);
  const note = stateNote(state);
  if (note) tell(`${path}: ${note}`);
  if (reason === null) return refuseNotFinite(path, entries, wanted, settings);
  const shapes = new Map([...tensors].map(([name, { shape }]) => [name, shape]));
  throw new CheckpointError(misfit(path, shapes, wanted, settings, reason));
}

/** A single NaN among a network's weights makes all of what it says NaN, or all but all. */
function refuseNotFinite(
  path: string,
  entries: ReadonlyMap<string, StateNumbers>,
  { name }: FittingModel,
  { role, file }: ModelSettings,
): void {
  const found = findNotFinite(entries);
  if (!found) return;
  throw new CheckpointError(
    `the ${role} ${name} in ${path} is no use: its weights are not all finite numbers, with ${found}; ` +
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
  if (reason !== null) throw new CheckpointError(`${path} does not fit the model: ${reason}`);
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
