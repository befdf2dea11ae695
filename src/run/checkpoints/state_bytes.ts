import { modelState } from "../../formats/model_state.ts";
import { readCheckpoint } from "../../formats/read_checkpoint.ts";
import { stateEntries } from "../../formats/state_entries.ts";
import { fitsShapes, shapesOf } from "../../models/fitting_models.ts";
import type { LoadReport, Module } from "../../nn/module.ts";
import { readBack } from "../../tensor/read_back.ts";
import { safetensorsBytes } from "./checkpoint.ts";
import { addCounters } from "./checkpoint_state.ts";

/** Parameters and buffers of a module as the bytes of a safetensors file, under PyTorch's names. */
export async function saveState(module: Module): Promise<Uint8Array> {
  return safetensorsBytes(await readBack(module.stateDict()), {});
}

/**
 * Loads parameters and buffers from the bytes of a file, safetensors or torch: a state dict, bare or wrapped, or a whole
 * run, of which the student is taken. Batch normalisation's counters may be missing, as in torchvision's files.
 *
 * @param options.strict false loads what fits and leaves the rest; default true
 * @throws FormatError when the file is damaged or holds no model, Error listing what does not fit when `strict`.
 */
export function loadState(
  module: Module,
  bytes: Uint8Array,
  options: { strict?: boolean } = {},
): LoadReport {
  const own = shapesOf(module.stateDict());
  const { tensors } = modelState(readCheckpoint(bytes).value, (shapes) => fitsShapes(shapes, own));
  const entries = stateEntries(tensors);
  addCounters(entries, own.keys());
  return module.loadStateDict(entries, options);
}
