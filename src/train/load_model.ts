import { modelState } from "../formats/model_state.ts";
import type { SafetensorsTensor } from "../formats/safetensors.ts";
import { stateEntries } from "../formats/state_entries.ts";
import type { Module } from "../nn/module.ts";
import { CheckpointError, inFile, loadCheckpoint } from "./checkpoint.ts";

/**
 * Loads a model from a checkpoint, safetensors or torch: a state dict, bare or wrapped, or a whole run, of which the
 * student is taken.
 *
 * @throws CheckpointError naming the file when it cannot be read or does not fit the model.
 */
export function loadModel(model: Module, path: string): void {
  const { value } = loadCheckpoint(path);
  loadTensors(model, inFile(path, () => modelState(value).tensors), path);
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
  const entries = inFile(path, () => stateEntries(tensors));
  try {
    module.loadStateDict(entries);
  } catch (error) {
    throw new CheckpointError(`${path} does not fit the model: ${(error as Error).message}`);
  }
}
