import { modelState, stateNote } from "../../formats/model_state.ts";
import { stateEntries, type StateNumbers } from "../../formats/state_entries.ts";
import { isBatchCounter, type StateShapes } from "../../models/fitting_models.ts";
import { type Checkpoint, inFile, loadCheckpoint } from "./checkpoint.ts";

/** The model of a checkpoint. */
export interface CheckpointState {
  /** The checkpoint's file. */
  readonly path: string;
  /** The model's tensors by the names that it gives them. */
  readonly entries: Map<string, StateNumbers>;
  /** Where they lay, where that is unusual, and what beside them was not read; else null. */
  readonly note: string | null;
}

/**
 * Reads the model of a checkpoint, safetensors or torch: a state dict, bare or wrapped, or a whole run, of which the student
 * is taken.
 *
 * @param checkpoint its file, or what was read of it
 * @param wanted whether names and shapes are a model's; of several the first that fits anything decides
 * @throws CheckpointError naming the file when it cannot be read, or holds no model
 */
export function readState(
  checkpoint: string | Checkpoint,
  ...wanted: readonly ((shapes: StateShapes) => boolean)[]
): CheckpointState {
  const { path, value } = typeof checkpoint === "string" ? loadCheckpoint(checkpoint) : checkpoint;
  return inFile(path, () => {
    const state = modelState(value, ...wanted);
    return { path, entries: stateEntries(state.tensors), note: stateNote(state) };
  });
}

/** Batch normalisation's counter where a file has none. PyTorch: `_NormBase._load_from_state_dict`. */
const COUNTER: StateNumbers = { shape: [], data: Int32Array.of(0) };

/** Adds the counters of batch normalisation that `names` want and a file does not have, as torchvision's. */
export function addCounters(entries: Map<string, StateNumbers>, names: Iterable<string>): void {
  for (const name of names) {
    if (isBatchCounter(name) && !entries.has(name)) entries.set(name, COUNTER);
  }
}
