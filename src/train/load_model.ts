import type { SafetensorsTensor } from "../formats/safetensors.ts";
import { stateEntries } from "../formats/state_entries.ts";
import type { Module } from "../nn/module.ts";
import { CheckpointError, loadCheckpoint, withPrefix } from "./checkpoint.ts";

/**
 * Loads a model from a checkpoint: a bare state dict, or one of a run, where it lies under `student.`.
 *
 * @throws CheckpointError naming the file when it cannot be read or does not fit the model.
 */
export function loadModel(model: Module, path: string): void {
  const { tensors } = loadCheckpoint(path);
  const own = withPrefix(tensors, "student.");
  loadTensors(model, own.size > 0 ? own : tensors, path);
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
  try {
    module.loadStateDict(stateEntries(tensors));
  } catch (error) {
    throw new CheckpointError(`${path} does not fit the model: ${(error as Error).message}`);
  }
}
