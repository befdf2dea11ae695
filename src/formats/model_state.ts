import { flatten, nameOf } from "./flatten.ts";
import { FormatError } from "./format_error.ts";
import { isTensor } from "./is_tensor.ts";
import { quoted } from "./pickle/python.ts";
import type { SafetensorsTensor } from "./safetensors_dtype.ts";

/** Entries that a model's state dict is saved under, the likeliest first. */
const WRAPPERS = ["model", "state_dict", "net", "model_state_dict", "student", "network"];

/** Entries beside a model that hold tensors too, and the count that averaged models keep. */
const OTHERS = /^(optim|lr_sched|sched|grad_scaler|scaler|amp|metadata|totals|n_averaged)/;

/** Names that DataParallel and `torch.compile` put before every name. */
const LEADING = /^(?:(?:module|_orig_mod)\.)+/;
const COMPILED = /(^|\.)_orig_mod\.(?=.)/g;

/** The model of a checkpoint. */
export interface ModelState {
  /** Its tensors, under the names the model itself gives them. */
  readonly tensors: Map<string, SafetensorsTensor>;
  /** Where they lay, such as `model.module.student`; empty at the top. */
  readonly path: string;
  /** What else the checkpoint holds: the first part of the names, each once. */
  readonly leftOut: readonly string[];
}

function holdsTensors(value: unknown): value is Map<string, unknown> {
  return value instanceof Map && flatten(value).tensors.size > 0;
}

/** Goes down into `{model: ...}`, `{state_dict: ...}` and the like; notes what lies beside. */
function unwrap(value: unknown): { state: Map<string, unknown>; path: string[]; beside: string[] } {
  const path: string[] = [];
  const beside: string[] = [];
  let state = value;
  while (state instanceof Map && path.length < 8) {
    const node: Map<unknown, unknown> = state;
    const wrapper = WRAPPERS.find((key) => holdsTensors(node.get(key)));
    if (!wrapper) break;
    beside.push(...[...node.keys()].filter((key) => key !== wrapper).map(nameOf));
    path.push(wrapper);
    state = node.get(wrapper);
  }
  if (isTensor(state)) throw new FormatError("it holds a single tensor, not a model");
  if (!holdsTensors(state)) throw new FormatError("it holds no model: there are no tensors in it");
  return { state, path, beside };
}

/**
 * The tensors under names without the prefixes of DataParallel and `torch.compile`.
 *
 * @throws {FormatError} where two have the same name then
 */
export function plainNames<T>(tensors: ReadonlyMap<string, T>): Map<string, T> {
  const plain = new Map<string, T>();
  for (const [name, tensor] of tensors) {
    const key = name.replace(LEADING, "").replaceAll(COMPILED, "$1");
    if (plain.has(key)) throw new FormatError(`it holds the tensor ${quoted(key)} twice`);
    plain.set(key, tensor);
  }
  return plain;
}

/** The first part of each name, once. */
function firstParts(names: Iterable<string>): string[] {
  return [...new Set([...names].map((name) => name.split(".", 1)[0]))];
}

/**
 * Finds the model in a checkpoint: a bare state dict, one under `model`, `state_dict` or the like, with or without the
 * prefixes of DataParallel and `torch.compile`. Of a distiller's state the student is taken.
 *
 * @param value the object in the file
 * @throws {FormatError} where there is no model in it
 */
export function modelState(value: unknown): ModelState {
  const { state, path, beside } = unwrap(value);
  const own = [...state].filter(([name]) => !OTHERS.test(nameOf(name)));
  const flat = flatten(new Map(own)).tensors;
  const leftOut = [...beside, ...[...state.keys()].map(nameOf).filter((name) => OTHERS.test(name))];
  const tensors = plainNames(flat);
  const student = [...tensors].filter(([name]) => name.startsWith("student."));
  if (student.length === 0) return { tensors, path: path.join("."), leftOut: firstParts(leftOut) };
  const others = [...tensors.keys()].filter((name) => !name.startsWith("student."));
  return {
    tensors: plainNames(new Map(student.map(([name, tensor]) => [name.slice(8), tensor]))),
    path: [...path, "student"].join("."),
    leftOut: firstParts([...leftOut, ...others]),
  };
}
