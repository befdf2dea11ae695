import { flatten, isTensor, nameOf } from "./flatten.ts";
import { FormatError } from "./format_error.ts";
import { type PyObject, quoted } from "./pickle/python.ts";
import type { SafetensorsTensor } from "./safetensors/safetensors_dtype.ts";
import {
  fittingPlaces,
  placeRank,
  shapesOf,
  type StatePlace,
  statePlaces,
  withoutWrappers,
} from "./state_places.ts";
import { listed, shown } from "./visible.ts";

/** Entries that a model's state dict is saved under, the likeliest first. */
const WRAPPERS = [
  ...["model", "state_dict", "net", "model_state_dict", "student", "network"],
  ...["module", "model_state", "weights", "params", "params_ema", "model_ema", "ema_model"],
  ...["state_dict_ema", "ema_state_dict", "model_ema_state_dict", "ema"],
];

/** Entries beside a model that hold tensors too, and the count that averaged models keep. */
const OTHERS = /^(optim|lr_sched|sched|grad_scaler|scaler|amp|metadata|totals|n_averaged)/;

/** Names that DataParallel puts before every name. */
const LEADING = /^(?:module\.)+/;

/** How much of what is not read is named. */
const MOST_UNREAD = 4;
/** Where state dicts usually lie, of which nothing needs to be said. */
const PLAIN = new Set(["model", "state_dict", "net", "model_state_dict", "student", "module"]);

/** The model of a checkpoint. */
export interface ModelState {
  /** Its tensors, under the names the model itself gives them. */
  readonly tensors: Map<string, SafetensorsTensor>;
  /** Where they lay, such as `model.module.student`; empty at the top. */
  readonly path: string;
  /** What else the checkpoint holds: the first part of the names, each once. */
  readonly leftOut: readonly string[];
  /** Other places whose tensors are a model of the same kind, such as `model_ema`. */
  readonly alternatives: readonly string[];
  /** What is not read: a few paths with what is there, and how many more; empty where there is none. */
  readonly unread: string;
}

function holdsTensors(value: unknown): value is Map<string, unknown> {
  return value instanceof Map && flatten(value).tensors.size > 0;
}

/** Why there is no model: whole modules are their code as much as their numbers. */
function noModel(value: unknown): FormatError {
  const { unread } = flatten(value);
  const nothing = "it holds no model: there are no tensors in it";
  if (unread.size === 0) return new FormatError(nothing);
  return new FormatError(
    `${nothing} beside ${
      unreadText(unread)
    }; of objects of other classes, whole models too, nothing is read: ` +
      "save model.state_dict() instead",
  );
}

/** What is not read, in a few words. */
function unreadText(unread: ReadonlyMap<string, PyObject>): string {
  const texts = [...unread].slice(0, MOST_UNREAD).map(([path, { kind }]) =>
    path ? `${shown(path)} (${shown(kind)})` : shown(kind)
  );
  const more = unread.size - texts.length;
  return [...texts, ...(more > 0 ? [`and ${more} more`] : [])].join(", ");
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
    for (const key of node.keys()) if (key !== wrapper) beside.push(nameOf(key));
    path.push(wrapper);
    state = node.get(wrapper);
  }
  if (isTensor(state)) throw new FormatError("it holds a single tensor, not a model");
  if (!holdsTensors(state)) throw noModel(value);
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
    const key = withoutWrappers(name).replace(LEADING, "");
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
 * Finds the model in a checkpoint: where tensors fit a wanted model, whatever stands before their names; else a bare state
 * dict, one under `model`, `state_dict` or the like, with or without the prefixes of DataParallel and `torch.compile`. Of a
 * distiller's state the student is taken, and averaged weights where there are no others.
 *
 * @param value the object in the file
 * @param wanted whether names and shapes are a model's; of several the first that fits anything decides
 * @throws {FormatError} where there is no model in it
 */
export function modelState(
  value: unknown,
  ...wanted: readonly ((shapes: ReadonlyMap<string, readonly number[]>) => boolean)[]
): ModelState {
  const { tensors, unread } = flatten(value);
  const facts = { alternatives: [], unread: unread.size > 0 ? unreadText(unread) : "" };
  const usual = attempt(() => usualState(value));
  for (const fits of wanted) {
    const places = fittingPlaces(tensors, fits);
    const first = places.length > 0 ? placeRank(places[0].path) : Infinity;
    const taken = usual.state && placeRank(usual.state.path) <= first &&
        fits(shapesOf(usual.state.tensors))
      ? { ...usual.state, ...facts }
      : places.length > 0
      ? { ...placed(places[0], tensors), ...facts }
      : null;
    if (!taken) continue;
    return { ...taken, alternatives: alternatives(taken, places) };
  }
  if (!usual.state) throw usual.error;
  return { ...usual.state, ...facts };
}

/**
 * The tensors of a checkpoint whose names have something given before them.
 *
 * @param entry where they lie, such as `model_ema.module`
 * @throws {FormatError} where nothing lies there
 */
export function stateUnder(value: unknown, entry: string): ModelState {
  const { tensors, unread } = flatten(value);
  const seen: string[] = [];
  for (const place of statePlaces(tensors)) {
    if (place.path === entry) {
      const unreadNames = unread.size > 0 ? unreadText(unread) : "";
      return { ...placed(place, tensors), alternatives: [], unread: unreadNames };
    }
    if (place.path && !place.path.includes("+")) seen.push(place.path);
  }
  throw new FormatError(
    `it holds no tensors under ${quoted(entry)}; there are some under ${listed(seen, 6)}`,
  );
}

type Found = Pick<ModelState, "tensors" | "path" | "leftOut">;

function attempt(
  find: () => Found,
): { state: Found; error?: undefined } | { state: null; error: unknown } {
  try {
    return { state: find() };
  } catch (error) {
    return { state: null, error };
  }
}

/** A place that fits, with the first parts of the names that lie elsewhere. */
function placed({ path, tensors }: StatePlace, all: ReadonlyMap<string, SafetensorsTensor>): Found {
  const own = new Set<unknown>(tensors.values());
  const others = [...all].filter(([, tensor]) => !own.has(tensor)).map(([name]) => name);
  return { tensors: new Map(tensors), path, leftOut: firstParts(others) };
}

/** Places of other tensors than those that were taken. */
function alternatives(taken: Found, places: readonly StatePlace[]): string[] {
  const [first] = taken.tensors.values();
  return places.filter(({ tensors }) => ![...tensors.values()].includes(first))
    .map(({ path }) => path);
}

/** What to tell of where a model lay, where that is not plain: other places that fit, and what was not read; or null. */
export function stateNote({ path, alternatives, unread }: ModelState): string | null {
  const parts = path.split(".").filter((part) => part !== "" && !PLAIN.has(part));
  const notes = [
    ...(parts.length > 0 || alternatives.length > 0
      ? [`the weights under ${shown(path)} are taken`]
      : []),
    ...(alternatives.length > 0
      ? [`those under ${listed(alternatives, 4)} would fit too (convert --entry takes them)`]
      : []),
    ...(unread ? [`left out, as it is not read: ${unread}`] : []),
  ];
  return notes.length > 0 ? notes.join("; ") : null;
}

/** What the usual names and prefixes lead to. */
function usualState(value: unknown): Found {
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
