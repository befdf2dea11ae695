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

/** A short, printable form of a name or value out of a file, for errors. */
export function quoted(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
