import { type SafetensorsTensor, toFloat32 } from "../formats/safetensors/safetensors.ts";
import { stateEntries } from "../formats/state_entries.ts";
import type { GradScaler } from "../optim/grad_scaler.ts";
import type { ModelEma } from "../optim/model_ema.ts";
import type { Optimizer, OptimizerEntries } from "../optim/optimizer.ts";
import { type Checkpoint, CheckpointError, inFile, withPrefix } from "./checkpoint.ts";

/** What a run's checkpoint keeps beside its models. */
interface SolverParts {
  /** Moves the parameters. */
  readonly optimizer: Optimizer;
  /** SOLVER.TYPE, for the errors. */
  readonly type: string;
  /** Names of the optimiser's parameters, in its order. */
  readonly names: readonly string[];
  /** Names of all parameters in the models' order, which is that of checkpoints that do not say theirs. */
  readonly allNames: readonly string[];
  /** Scales the losses; null without mixed precision. */
  readonly scaler: GradScaler | null;
  /** The student's average; null where there is none. */
  readonly ema: ModelEma | null;
}

type Tensors = ReadonlyMap<string, SafetensorsTensor>;

/**
 * Loads the states of the optimiser, the loss scaler and the student's average. A run that had no scaler or no average so far
 * goes on with a new one.
 *
 * @param tensors of the checkpoint, by our names
 * @throws CheckpointError where they are those of another optimiser, or other parameters were trained
 */
export function restoreSolver(
  { path, metadata }: Checkpoint,
  tensors: Tensors,
  parts: SolverParts,
): void {
  const { optimizer, scaler, ema } = parts;
  const states = withPrefix(tensors, "optimizer.");
  refuseAnother(states, path, parts);
  const before = parsedNames(metadata.parameters) ?? parts.allNames;
  fitting(path, () => optimizer.loadStateDict(numbers(path, inOrder(states, path, before, parts))));
  const average = withPrefix(tensors, "ema.");
  if (ema && average.size === 0) ema.reset();
  else if (ema) fitting(path, () => ema.loadStateDict(inFile(path, () => stateEntries(average))));
  const scaling = withPrefix(tensors, "scaler.");
  if (scaler && scaling.size > 0) inFile(path, () => scaler.loadStateDict(numbers(path, scaling)));
}

function refuseAnother(states: Tensors, path: string, { optimizer, type }: SolverParts): void {
  const names = [...new Set([...states.keys()].map((key) => key.replace(/\.\d+$/, "")))];
  const wanted = optimizer.stateNames;
  if (names.length === 0 || names.some((name) => wanted.includes(name))) return;
  throw new CheckpointError(
    `${path} holds the state of another optimiser (${names.join(", ")}) than SOLVER.TYPE ` +
      `${type} has (${wanted.join(", ")}); set SOLVER.TYPE as it was`,
  );
}

/**
 * The optimiser's states with the indices that their parameters have now: which are trained, and in which groups, may have
 * changed.
 */
function inOrder(
  states: Tensors,
  path: string,
  before: readonly string[],
  { names, optimizer }: SolverParts,
): Tensors {
  if (states.size === 0 || before.join() === names.join()) return states;
  const at = new Map(before.map((name, index) => [name, index]));
  const missing = names.find((name) => !at.has(name));
  if (missing !== undefined) {
    throw new CheckpointError(
      `${path} holds no state of the optimiser for ${missing}, which was not trained; set SOLVER.FREEZE as it was`,
    );
  }
  return new Map(names.flatMap((name, i) =>
    optimizer.stateNames.flatMap((each) => {
      const tensor = states.get(`${each}.${at.get(name)}`);
      return tensor ? [[`${each}.${i}`, tensor] as const] : [];
    })
  ));
}

function numbers(path: string, tensors: Tensors): OptimizerEntries {
  return inFile(path, () =>
    new Map([...tensors].map(([name, tensor]) => {
      return [name, { shape: tensor.shape, data: toFloat32(tensor) }];
    })));
}

/** @throws CheckpointError where the states are not those of `fn`'s parameters */
function fitting(path: string, fn: () => void): void {
  try {
    fn();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new CheckpointError(`${path} cannot be resumed: ${error.message}`, { cause: error });
  }
}

function parsedNames(json: string | undefined): string[] | null {
  try {
    const names = JSON.parse(json ?? "null");
    return Array.isArray(names) ? names.map(String) : null;
  } catch {
    // Damaged: as in files that do not say.
    return null;
  }
}
