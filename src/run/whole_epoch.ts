import { changedKeys } from "../config/changed_settings.ts";
import type { Config } from "../config/config.ts";
import type { RunState } from "../train/run_state.ts";
import { type DataChange, describeSplitChange, sameFiles } from "./changed_data.ts";

/** What decides which images a step of an epoch sees, beside the images themselves. */
const KEYS = [
  "DATASET.TYPE",
  "DATASET.ROOT",
  "DATASET.SUBSET",
  "DATASET.VALIDATION",
  "DATASET.SPLIT",
  "DATASET.SAMPLER",
  "SOLVER.BATCH_SIZE",
  "SOLVER.SEED",
];

/** What an epoch goes through. */
export interface EpochSize {
  /** Training images. */
  readonly images: number;
  /** Training steps. */
  readonly steps: number;
}

/**
 * Why the unfinished epoch of a saved state cannot be taken up in its middle: its steps saw other images than those of an
 * epoch now. Null where it can, or where none of its steps is left.
 *
 * @param saved the configuration that was saved with the state, as YAML
 * @param data how the images' files changed since; null where that is not known
 */
export function whyEpochRestarts(
  state: RunState,
  saved: string,
  config: Config,
  now: EpochSize,
  data: DataChange | null = null,
): string | null {
  if (state.step === 0 || state.trained) return null;
  // Where the same files are elsewhere now, the images are the same.
  const keys = KEYS.filter((key) => key !== "DATASET.ROOT" || !sameFiles(data));
  const changed = changedKeys(saved, config, keys);
  if (changed.length > 0) return changed.join(", ");
  if (data?.train?.what === "names") {
    return `the training images are others (${describeSplitChange(data.train)})`;
  }
  if (state.images > 0 && state.images !== now.images) {
    return `there were ${state.images} training images and are ${now.images}`;
  }
  return state.step < now.steps ? null : `an epoch has ${now.steps} steps`;
}

/** The same state at the start of its unfinished epoch; weights and momenta stay as its steps have left them. */
export function atEpochStart(state: RunState): RunState {
  return { ...state, step: 0, totals: null, pointStart: null };
}
