import { LONGEST_SHOWN, shown } from "../visible.ts";

/** A tuple. */
export class PyTuple {
  /** Takes the items as they are. */
  constructor(readonly items: readonly unknown[]) {}
}

/** A `collections.OrderedDict`; a plain `dict` is a `Map`. */
export class PyOrderedDict<V = unknown> extends Map<string, V> implements Buildable {
  /** Attributes such as a state dict's `_metadata` are not kept. */
  setState(): void {}
}

/** A number that is written as `float` even where it is whole; floats are read as plain numbers. */
export class PyFloat {
  /** Takes any number, infinities and NaN too. */
  constructor(readonly value: number) {}
}

/** A function or class that a pickle may call; it does what its TypeScript does and nothing else. */
export class PyFunction {
  /**
   * @param name its full name in Python, for errors
   * @param call takes the positional arguments
   */
  constructor(readonly name: string, readonly call: (args: readonly unknown[]) => unknown) {}
}

/** A value that errors show by its name in Python. */
export abstract class Named {
  /** The name. */
  abstract toString(): string;

  /** The name: JSON has no such values. */
  toJSON(): string {
    return shown(this.toString());
  }
}

/** A class or function that is not known here, which is its name and nothing else. */
export class PyName extends Named {
  /** Takes the name in full, such as `argparse.Namespace`. */
  constructor(readonly name: string) {
    super();
  }

  /** The name; Python's own types without their module. */
  override toString(): string {
    return this.name.replace(/^(?:builtins|__builtin__|exceptions)\.(?=.)/, "");
  }
}

/** An object that is not read: what kind it is, and its entries where it is a dictionary. */
export class PyObject extends Named {
  #entries: Map<unknown, unknown> | null = null;

  /**
   * @param kind its class in Python, or what it is
   * @param reason why it is not read, where there is more to say than that its class is not known
   */
  constructor(readonly kind: string, readonly reason: string | null = null) {
    super();
  }

  /** Entries of a class that is made from `dict`, or null. */
  get entries(): ReadonlyMap<unknown, unknown> | null {
    return this.#entries;
  }

  /** Stores an entry, as a class made from `dict` does. */
  set(key: unknown, value: unknown): void {
    this.#entries ??= new Map();
    this.#entries.set(key, value);
  }

  /** The kind. */
  override toString(): string {
    return `${this.kind}, not read`;
  }
}

/** An object that takes a state after it was made. */
export interface Buildable {
  /** What Python's `__setstate__` gets. */
  setState(state: unknown): void;
}

/** Whether a pickle may give the object a state. */
export function isBuildable(value: unknown): value is Buildable {
  return typeof (value as Partial<Buildable> | null)?.setState === "function";
}

/** A `bytes` that Python 2 or an 8-bit encoding wrote as a text, one character a byte. */
export function latin1Bytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** What a pickle made, where it takes memory of its own. */
export interface Weighed {
  /** Bytes. */
  readonly weight: number;
}

/** Most items that errors show. */
const MOST_ITEMS = 16;

/**
 * A short, printable form of a name or value out of a file, for errors. What is nested is only named: a list that holds
 * another twice, and so on, has a text of any length.
 */
export function quoted(value: unknown): string {
  if (Array.isArray(value) || value instanceof PyTuple) {
    const items = Array.isArray(value) ? value : value.items;
    const texts = Array.from(
      { length: Math.min(items.length, MOST_ITEMS) },
      (_, i) => one(items[i]),
    );
    return shown([...texts, ...(items.length > MOST_ITEMS ? ["..."] : [])].join(","));
  }
  return shown(one(value));
}

function one(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, LONGEST_SHOWN));
  if (value === undefined) return "nothing";
  if (value === null || typeof value !== "object") return String(value).slice(0, LONGEST_SHOWN);
  if (value instanceof Named) return String(value);
  if (Array.isArray(value)) return "a list";
  if (value instanceof PyTuple) return "a tuple";
  return value instanceof Map ? "a dictionary" : `a ${value.constructor?.name ?? "value"}`;
}
