import { flatten } from "../formats/flatten.ts";
import { int64Tensor } from "../formats/int64_tensor.ts";
import { plainNames } from "../formats/model_state.ts";
import { PyFloat, PyOrderedDict } from "../formats/pickle/python.ts";
import type { SafetensorsTensor } from "../formats/safetensors.ts";
import type { Checkpoint, HostTensor } from "./checkpoint.ts";
import { withPrefix } from "./checkpoint.ts";

/** What a run's checkpoint says beside its tensors. */
export interface RunFacts {
  /** Epochs that are done. */
  readonly epoch: number;
  /** Best top-1 accuracy, percent. */
  readonly bestAcc: number;
  /** Settings of the optimiser. */
  readonly optimizer: { lr: number; momentum: number; weightDecay: number; nesterov: boolean };
  /** Texts for our own use. */
  readonly metadata: Readonly<Record<string, string>>;
}

const MOMENTUM = "momentum_buffer.";

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

/** The state dict of `torch.optim.SGD`. */
function optimizerState(
  buffers: readonly SafetensorsTensor[],
  { lr, momentum, weightDecay, nesterov }: RunFacts["optimizer"],
): Map<string, unknown> {
  const group = {
    lr: new PyFloat(lr),
    momentum: new PyFloat(momentum),
    dampening: 0,
    weight_decay: new PyFloat(weightDecay),
    nesterov,
    maximize: false,
    foreach: null,
    differentiable: false,
    fused: null,
    params: buffers.map((_, i) => i),
  };
  const state = buffers.map((buffer, i) => [i, new Map([["momentum_buffer", buffer]])] as const);
  return new Map<string, unknown>([
    ["state", new Map(state)],
    ["param_groups", [new Map(Object.entries(group))]],
  ]);
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
 * @param optimizer `momentum_buffer.N` of every parameter, and others
 * @param extra anything else
 */
export function torchRun(
  models: ReadonlyMap<string, HostTensor>,
  optimizer: ReadonlyMap<string, HostTensor>,
  extra: ReadonlyMap<string, HostTensor>,
  facts: RunFacts,
): Map<string, unknown> {
  const all = allTorch(optimizer);
  const others = [...all].filter(([name]) => !name.startsWith(MOMENTUM))
    .map(([name, tensor]) => [`optimizer.${name}`, tensor] as const);
  const more = new Map([...others, ...allTorch(extra)]);
  return new Map<string, unknown>([
    ["epoch", facts.epoch],
    ["model", stateDict(allTorch(models))],
    ["optimizer", optimizerState([...withPrefix(all, MOMENTUM).values()], facts.optimizer)],
    ["best_acc", new PyFloat(facts.bestAcc)],
    ...(more.size > 0 ? [["extra", more] as const] : []),
    ["metadata", new Map(Object.entries(facts.metadata))],
  ]);
}

function entry(value: unknown, key: unknown): unknown {
  return value instanceof Map ? value.get(key) : undefined;
}

/** The momentum buffers by `optimizer.momentum_buffer.N`, N in the order of the parameters. */
function momentumBuffers(optimizer: unknown): Map<string, SafetensorsTensor> {
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
    ...momentumBuffers(entry(value, "optimizer")),
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
