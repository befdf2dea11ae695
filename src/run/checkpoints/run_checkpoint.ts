import { int64Tensor } from "../../formats/cast_tensor.ts";
import { flatten } from "../../formats/flatten.ts";
import { plainNames } from "../../formats/model_state.ts";
import { PyFloat, PyOrderedDict, PyTuple } from "../../formats/pickle/python.ts";
import type { SafetensorsTensor } from "../../formats/safetensors/safetensors.ts";
import type { Optimizer, TorchSetting } from "../../optim/optimizer.ts";
import type { HostTensor } from "../../tensor/read_back.ts";
import { type Checkpoint, CheckpointError } from "./checkpoint.ts";

/** What a run's checkpoint says beside its tensors. */
export interface RunFacts {
  /** Epochs that are done. */
  readonly epoch: number;
  /** Best top-1 accuracy, percent. */
  readonly bestAcc: number;
  /** Settings of the optimiser's groups of parameters. */
  readonly paramGroups: ReturnType<Optimizer["paramGroups"]>;
  /** Texts for our own use. */
  readonly metadata: Readonly<Record<string, string>>;
}

function torchTensor({ shape, data }: HostTensor): SafetensorsTensor {
  if (data instanceof Float32Array) return { dtype: "F32", shape: [...shape], data };
  return int64Tensor(shape, data);
}

function stateDict(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
): PyOrderedDict<SafetensorsTensor> {
  return new PyOrderedDict(tensors);
}

function allTorch(tensors: ReadonlyMap<string, HostTensor>): Map<string, SafetensorsTensor> {
  return new Map([...tensors].map(([name, tensor]) => [name, torchTensor(tensor)]));
}

/** The state dict of a `torch.optim.Optimizer`, from states by `name.index`. */
function optimizerState(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  paramGroups: RunFacts["paramGroups"],
): Map<string, unknown> {
  const state = new Map<number, Map<string, SafetensorsTensor>>();
  for (const [key, tensor] of tensors) {
    const dot = key.lastIndexOf(".");
    const index = Number(key.slice(dot + 1));
    const own = state.get(index) ?? new Map<string, SafetensorsTensor>();
    state.set(index, own.set(key.slice(0, dot), tensor));
  }
  const groups = paramGroups.map(({ settings, params }) => {
    const own = Object.entries(settings).map(([name, value]) =>
      [name, torchSetting(value)] as const
    );
    return new Map<string, unknown>([...own, ["params", params]]);
  });
  return new Map<string, unknown>([["state", state], ["param_groups", groups]]);
}

function torchSetting(value: TorchSetting): unknown {
  if (typeof value === "number") return new PyFloat(value);
  if (typeof value === "bigint") return Number(value);
  return Array.isArray(value) ? new PyTuple(value.map((each) => new PyFloat(each))) : value;
}

/** A student alone as the authors save it, {model: state dict}, for `writeTorch`. */
export function torchStudent(
  student: ReadonlyMap<string, HostTensor>,
  metadata: Readonly<Record<string, string>>,
): Map<string, unknown> {
  return new Map<string, unknown>([
    ["model", stateDict(allTorch(student))],
    ["metadata", new Map(Object.entries(metadata))],
  ]);
}

/**
 * A whole run as the authors save it, {epoch, model, optimizer, best_acc}, for `writeTorch`. What they have no place for
 * lies under `extra` and `metadata`.
 *
 * @param models the student's tensors and those of the modules beside it, by `student.` and the modules' names
 * @param optimizer the optimiser's states of every parameter by `name.index`, such as `momentum_buffer.0`
 * @param extra anything else
 */
export function torchRun(
  models: ReadonlyMap<string, HostTensor>,
  optimizer: ReadonlyMap<string, HostTensor>,
  extra: ReadonlyMap<string, HostTensor>,
  facts: RunFacts,
): Map<string, unknown> {
  return new Map<string, unknown>([
    ["epoch", facts.epoch],
    ["model", stateDict(allTorch(models))],
    ["optimizer", optimizerState(allTorch(optimizer), facts.paramGroups)],
    ["best_acc", new PyFloat(facts.bestAcc)],
    ...(extra.size > 0 ? [["extra", allTorch(extra)] as const] : []),
    ["metadata", new Map(Object.entries(facts.metadata))],
  ]);
}

function entry(value: unknown, key: unknown): unknown {
  return value instanceof Map ? value.get(key) : undefined;
}

/** The optimiser's states by `optimizer.name.index`, such as `optimizer.momentum_buffer.0`, in the order of the parameters. */
function optimizerTensors(optimizer: unknown): Map<string, SafetensorsTensor> {
  const flat = flatten(entry(optimizer, "state") ?? null).tensors;
  return new Map([...flat].map(([path, tensor]) => {
    const [index, name] = path.split(".");
    return [`optimizer.${name}.${index}`, tensor];
  }));
}

/**
 * The tensors of a run's checkpoint by our names: `student.conv1.weight`, `conv_reg.conv.weight`,
 * `optimizer.momentum_buffer.0`, `totals`.
 *
 * @param checkpoint safetensors of this program, or a torch file of this program or of the authors'
 */
export function runTensors({ kind, value, tensors }: Checkpoint): Map<string, SafetensorsTensor> {
  if (kind === "safetensors") return tensors;
  return new Map([
    ...studentNames(plainNames(flatten(entry(value, "model") ?? null).tensors)),
    ...optimizerTensors(entry(value, "optimizer")),
    ...flatten(entry(value, "extra") ?? null).tensors,
  ]);
}

/** A bare state dict is the student's: so writes who trains a model alone. */
function studentNames(
  model: ReadonlyMap<string, SafetensorsTensor>,
): ReadonlyMap<string, SafetensorsTensor> {
  if ([...model.keys()].some((name) => name.startsWith("student."))) return model;
  return new Map([...model].map(([name, tensor]) => [`student.${name}`, tensor]));
}

/** Epochs that are done and the best accuracy, where the authors' code wrote the checkpoint. */
export function authorsFacts(
  { kind, value }: Checkpoint,
): { epoch: number; bestAcc: number } | null {
  const epoch = entry(value, "epoch");
  if (kind === "safetensors" || !Number.isInteger(epoch) || !entry(value, "optimizer")) return null;
  const best = entry(value, "best_acc");
  const tensor = flatten(best ?? null).tensors.get("");
  const bestAcc = Number(tensor ? tensor.data[0] : best);
  return { epoch: epoch as number, bestAcc: Number.isFinite(bestAcc) ? bestAcc : -1 };
}

/** Settings of torch's optimisers that ours do not have. */
const FOREIGN = ["dampening", "maximize", "amsgrad"];

/**
 * Refuses an optimiser's state that was made with settings that ours do not have, and would go on without.
 *
 * @throws CheckpointError naming the setting
 */
export function refuseForeignSettings({ value }: Checkpoint, path: string): void {
  const groups = entry(entry(value, "optimizer"), "param_groups");
  for (const group of Array.isArray(groups) ? groups : []) {
    for (const name of FOREIGN) {
      const setting = entry(group, name);
      if (!setting) continue;
      throw new CheckpointError(
        `${path} was trained with the optimiser's ${name} at ${setting}, which is not implemented here`,
      );
    }
  }
}
