import { FormatError } from "./format_error.ts";
import { isTensor } from "./is_tensor.ts";
import { PyObject, PyTuple, quoted } from "./pickle/python.ts";
import type { SafetensorsTensor } from "./safetensors_dtype.ts";

/** How deep dictionaries and lists of a checkpoint may be nested. */
const DEEPEST = 32;
/** Entries of a checkpoint, those met on two ways counted twice. */
const MOST_ENTRIES = 1_000_000;
/** Characters of a path, and of all paths together. */
const LONGEST_PATH = 10_000;
const MOST_CHARACTERS = 1 << 26;

/** The entries of a checkpoint by their paths, such as `optimizer.state.0.momentum_buffer`. */
export interface Flattened {
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

/**
 * Every tensor and every other value of a checkpoint by its path.
 *
 * @throws {FormatError} where it is nested too deep or holds itself, or its names are too long
 */
export function flatten(value: unknown): Flattened {
  const result: Flattened = { tensors: new Map(), others: new Map(), unread: new Map() };
  let entries = 0;
  let characters = 0;
  const visit = (node: unknown, path: string, depth: number) => {
    if (++entries > MOST_ENTRIES) throw new FormatError(`it has more than ${MOST_ENTRIES} entries`);
    characters += path.length;
    if (path.length > LONGEST_PATH || characters > MOST_CHARACTERS) {
      throw new FormatError(
        `its names are too long: ${LONGEST_PATH} characters of one and ${MOST_CHARACTERS} of all are read`,
      );
    }
    if (depth > DEEPEST) {
      throw new FormatError(`its dictionaries are nested more than ${DEEPEST} levels deep`);
    }
    if (node instanceof PyObject) result.unread.set(path, node);
    const children = isTensor(node) ? null : entriesOf(node);
    if (!children) {
      if (isTensor(node)) result.tensors.set(path, node);
      else result.others.set(path, node);
      return;
    }
    for (const [key, child] of children) {
      const name = nameOf(key);
      visit(child, path ? `${path}.${name}` : name, depth + 1);
    }
  };
  visit(value, "", 0);
  return result;
}
