import { UnreadError } from "../format_error.ts";
import { latin1Bytes, PyFunction, PyOrderedDict, PyTuple } from "./python.ts";

function items(name: string, value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  if (value instanceof PyTuple) return value.items;
  if (value instanceof Set || value instanceof Map) return [...value.keys()];
  throw new UnreadError(`a ${name} made of what is not a list`);
}

/** Pairs of a dictionary: a dictionary, or a list of lists or tuples of two. */
function pairs(name: string, value: unknown): [unknown, unknown][] {
  if (value instanceof Map) return [...value];
  return items(name, value).map((pair) => {
    const [key, item, ...more] = items(name, pair);
    if (item === undefined || more.length > 0) {
      throw new UnreadError(`a ${name} not made of pairs`);
    }
    return [key, item];
  });
}

function bytes(value: unknown, encoding?: unknown): Uint8Array {
  if (value === undefined) return new Uint8Array();
  if (value instanceof Uint8Array) return value;
  if (typeof value === "string" && (encoding === undefined || encoding === "latin-1")) {
    return latin1Bytes(value);
  }
  throw new UnreadError("bytes made of what is neither bytes nor a text");
}

function encode(text: unknown, encoding: unknown = "utf-8"): Uint8Array {
  if (typeof text === "string" && typeof encoding === "string") {
    if (/^(latin-?1|iso-?8859-1)$/i.test(encoding)) return latin1Bytes(text);
    if (/^(utf-?8|ascii)$/i.test(encoding)) return new TextEncoder().encode(text);
  }
  throw new UnreadError("bytes in an encoding that is not known");
}

function orderedDict([content]: readonly unknown[]): PyOrderedDict {
  return new PyOrderedDict(pairs("collections.OrderedDict", content) as [string, unknown][]);
}

const TYPES: Readonly<Record<string, (args: readonly unknown[]) => unknown>> = {
  set: ([value]) => new Set(items("set", value)),
  frozenset: ([value]) => new Set(items("frozenset", value)),
  list: ([value]) => [...items("list", value)],
  tuple: ([value]) => new PyTuple(items("tuple", value)),
  dict: ([value]) => new Map(pairs("dict", value)),
  bytes: ([value, encoding]) => bytes(value, encoding),
  bytearray: ([value, encoding]) => bytes(value, encoding),
};

/** Names that stand for a type and are never called, such as a `defaultdict`'s. */
const NAMES = ["int", "float", "bool", "str", "object"];

function named(module: string, name: string, call: (args: readonly unknown[]) => unknown) {
  return [`${module} ${name}`, new PyFunction(`${module}.${name}`, call)] as const;
}

function uncallable(name: string): () => never {
  return () => {
    throw new UnreadError(`a call of ${name}`);
  };
}

/** Python's containers that a checkpoint may hold, by module and name. */
export const BUILTIN_GLOBALS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ...["builtins", "__builtin__"].flatMap((module) => [
    ...Object.entries(TYPES).map(([name, call]) => named(module, name, call)),
    ...NAMES.map((name) => named(module, name, uncallable(name))),
  ]),
  named("collections", "OrderedDict", orderedDict),
  named("collections", "defaultdict", ([, content]) => new Map(pairs("defaultdict", content))),
  named("collections", "Counter", ([content]) => new Map(pairs("Counter", content))),
  named("_codecs", "encode", ([text, encoding]) => encode(text, encoding)),
]);
