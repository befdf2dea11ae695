import { parse } from "@std/yaml";
import type { Config } from "../config/config.ts";
import { formatValue, valueAt } from "../config/format_config.ts";
import type { RunState } from "./run_state.ts";

/** What decides which images a step of an epoch sees, beside the images themselves. */
const KEYS = [
  "DATASET.TYPE",
  "DATASET.ROOT",
  "DATASET.SUBSET",
  "DATASET.VALIDATION",
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
 */
export function whyEpochRestarts(
  state: RunState,
  saved: string,
  config: Config,
  now: EpochSize,
): string | null {
  if (state.step === 0 || state.trained) return null;
  const before = parsed(saved);
  const changed = KEYS.flatMap((key) => {
    const [was, is] = [savedValue(before, key), formatValue(valueAt(config, key))];
    return was === undefined || was === is ? [] : [`${key} was ${was} and is ${is}`];
  });
  if (changed.length > 0) return changed.join(", ");
  if (state.images > 0 && state.images !== now.images) {
    return `there were ${state.images} training images and are ${now.images}`;
  }
  return state.step < now.steps ? null : `an epoch has ${now.steps} steps`;
}

/** The same state at the start of its unfinished epoch; weights and momenta stay as its steps have left them. */
export function atEpochStart(state: RunState): RunState {
  return { ...state, step: 0, totals: null, pointStart: null };
}

function parsed(yaml: string): unknown {
  try {
    return parse(yaml, { schema: "core" });
  } catch {
    // Nothing is known of it then; the numbers of images and steps still are.
    return null;
  }
}

/** A value of a parsed configuration as text; undefined where it has none. */
function savedValue(config: unknown, key: string): string | undefined {
  let node = config;
  for (const part of key.split(".")) node = (node as Record<string, unknown> | null)?.[part];
  return node === undefined ? undefined : formatValue(node as number | string);
}
