import { FormatError } from "./format_error.ts";
import { PyObject, PyTuple, quoted } from "./pickle/python.ts";
import { ARRAY_TYPES, type SafetensorsTensor } from "./safetensors/safetensors_dtype.ts";

/** How deep dictionaries and lists of a checkpoint may be nested. */
const DEEPEST = 32;
/** Entries of a checkpoint, those met on two ways counted twice. */
const MOST_ENTRIES = 1_000_000;
/** Characters of a path, and of all paths together. */
const LONGEST_PATH = 10_000;
const MOST_CHARACTERS = 1 << 26;

/** The entries of a checkpoint by their paths, such as `optimizer.state.0.momentum_buffer`. */
interface Flattened {
  /** Tensors. */
  readonly tensors: Map<string, SafetensorsTensor>;
  /** Everything else that is no dictionary, list or tuple with entries: numbers, texts, null, what is not read. */
  readonly others: Map<string, unknown>;
  /** What is not read, dictionaries of a class of their own too, whose entries are. */
  readonly unread: Map<string, PyObject>;
}

/** The entries of a dictionary, list or tuple; null for anything else. */
function entriesOf(value: unknown): Iterable<[unknown, unknown]> | null {
  if (value instanceof Map) return value;
  if (value instanceof PyObject) return value.entries;
  if (value instanceof Set) return [...value].entries();
  if (value instanceof PyTuple) return value.items.entries();
  return Array.isArray(value) ? value.entries() : null;
}

/** A key as a name: most are texts, but a file may hold any. */
export function nameOf(key: unknown): string {
  return typeof key === "string" ? key : quoted(key);
}

/** How deep an entry of a dictionary lies at most that can be left out alone. */
const DEEPEST_LEFT_OUT = 3;
/** Entries that may be left out, each of which can take as long as all that is read. */
const MOST_LEFT_OUT = 8;

/** Goes through a checkpoint, within bounds. */
class Flattening {
  readonly result: Flattened = { tensors: new Map(), others: new Map(), unread: new Map() };
  /** Why the first entry was left out. */
  first: FormatError | null = null;
  #entries = 0;
  #characters = 0;
  #leftOut = 0;

  visit(node: unknown, path: string, depth: number): void {
    this.#count(path, depth);
    const { tensors, others, unread } = this.result;
    if (node instanceof PyObject) unread.set(path, node);
    const children = isTensor(node) ? null : entriesOf(node);
    if (!children) {
      if (isTensor(node)) tensors.set(path, node);
      else others.set(path, node);
      return;
    }
    const canLeaveOut = node instanceof Map && depth < DEEPEST_LEFT_OUT;
    for (const [key, child] of children) {
      const name = nameOf(key);
      const below = path ? `${path}.${name}` : name;
      if (canLeaveOut) this.#try(child, below, depth + 1);
      else this.visit(child, below, depth + 1);
    }
  }

  /** Goes through an entry, or leaves it out: whatever lies beside a model does not hide it. */
  #try(node: unknown, path: string, depth: number): void {
    const before = [this.#entries, this.#characters];
    const { tensors, others, unread } = this.result;
    const sizes = [tensors, others, unread].map(({ size }) => size);
    try {
      this.visit(node, path, depth);
    } catch (error) {
      if (!(error instanceof FormatError) || ++this.#leftOut > MOST_LEFT_OUT) throw error;
      this.first ??= error;
      [this.#entries, this.#characters] = before;
      for (const [i, map] of [tensors, others, unread].entries()) shorten(map, sizes[i]);
      const object = new PyObject("what is nested too deep or has too many entries", error.message);
      unread.set(path, object);
      others.set(path, object);
    }
  }

  #count(path: string, depth: number): void {
    if (++this.#entries > MOST_ENTRIES) {
      throw new FormatError(`it has more than ${MOST_ENTRIES} entries`);
    }
    this.#characters += path.length;
    if (path.length > LONGEST_PATH || this.#characters > MOST_CHARACTERS) {
      throw new FormatError(
        `its names are too long: ${LONGEST_PATH} characters of one and ${MOST_CHARACTERS} of all are read`,
      );
    }
    if (depth > DEEPEST) {
      throw new FormatError(`its dictionaries are nested more than ${DEEPEST} levels deep`);
    }
  }
}

/** Takes away what was added last. */
function shorten(map: Map<string, unknown>, size: number): void {
  for (const key of [...map.keys()].slice(size)) map.delete(key);
}

/**
 * Every tensor and every other value of a checkpoint by its path. An entry that is nested too deep, holds itself or has too
 * many entries is left out, and is among what is not read.
 *
 * @throws {FormatError} where that leaves no tensor, or its names are too long
 */
export function flatten(value: unknown): Flattened {
  const flattening = new Flattening();
  flattening.visit(value, "", 0);
  if (flattening.first && flattening.result.tensors.size === 0) throw flattening.first;
  return flattening.result;
}

/** Whether a value out of a checkpoint is a tensor, of any format. */
export function isTensor(value: unknown): value is SafetensorsTensor {
  if (typeof value !== "object" || value === null) return false;
  const { dtype, shape } = value as Partial<SafetensorsTensor>;
  return typeof dtype === "string" && Object.hasOwn(ARRAY_TYPES, dtype) && Array.isArray(shape);
}
