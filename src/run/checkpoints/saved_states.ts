import { join } from "node:path";
import {
  type Checkpoint,
  CheckpointError,
  HeldCheckpoint,
  inFile,
  loadCheckpoint,
} from "./checkpoint.ts";
import { authorsFacts } from "./run_checkpoint.ts";
import { parseState } from "../run_files.ts";

/** A checkpoint that a run can go on from. */
export interface SavedState {
  /** Name of its file. */
  readonly name: string;
  /** The file. */
  readonly path: string;
  /** Epochs that are done. */
  readonly finished: number;
  /** Steps of the next epoch that are done. */
  readonly step: number;
  /** The configuration that was saved with it, as YAML; empty where there is none. */
  readonly config: string;
}

/** A checkpoint that was read, with what it holds. */
export interface ReadState extends SavedState {
  /** Its format. */
  readonly kind: Checkpoint["kind"];
  /** What was read. */
  readonly held: HeldCheckpoint;
}

const STATE = /^(latest|best|epoch_\d+)(\.safetensors)?$/;

/**
 * Reads a checkpoint of a run to its last byte.
 *
 * @throws CheckpointError where it is damaged or holds no training state
 */
export function readSavedState(path: string): ReadState {
  const checkpoint = loadCheckpoint(path);
  // Numbers are read, and checked, when they are asked for.
  inFile(path, () => checkpoint.tensors.forEach((tensor) => tensor.data));
  const name = path.split(/[\\/]/).at(-1)!;
  const { kind, metadata: { state, config = "" } } = checkpoint;
  const held = new HeldCheckpoint(checkpoint);
  const authors = state === undefined ? authorsFacts(checkpoint) : null;
  if (authors) return { name, path, finished: authors.epoch, step: 0, config, kind, held };
  const { epoch, step } = parseState(state, path);
  return { name, path, finished: epoch - 1, step, config, kind, held };
}

/** The checkpoints of a folder that a run can go on from and that are whole, those with the most epochs first. */
export function wholeStates(folder: string): SavedState[] {
  return stateNames(folder).flatMap((name) => {
    try {
      // What it holds is let go: there may be many.
      const { kind: _kind, held: _held, ...state } = readSavedState(join(folder, name));
      return [state];
    } catch (error) {
      if (error instanceof CheckpointError) return [];
      throw error;
    }
  }).sort((a, b) => b.finished - a.finished || b.step - a.step);
}

function stateNames(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].filter(({ isDirectory }) => !isDirectory)
      .map(({ name }) => name).filter((name) => STATE.test(name)).sort();
  } catch {
    return [];
  }
}

/** Where a state stands, as in "after epoch 2". */
export function describeState({ finished, step }: SavedState): string {
  return step > 0 ? `epoch ${finished + 1}, step ${step}` : `after epoch ${finished}`;
}
