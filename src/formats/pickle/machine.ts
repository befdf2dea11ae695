import { ByteReader } from "../byte_reader.ts";
import { FormatError, UnreadError } from "../format_error.ts";
import { PyName, PyObject, PyTuple, type Weighed } from "./python.ts";

/** What `unpickle()` may do beside making plain data. */
export interface UnpickleOptions {
  /** Values by their Python name, module and name with a space between; of any other there is the name alone. */
  readonly globals: ReadonlyMap<string, unknown>;
  /** The value of a persistent id; without it, such an id is refused. */
  readonly persistentLoad?: (id: unknown) => unknown;
  /** Where the pickle starts. Default 0. */
  readonly start?: number;
  /** Most operations; a checkpoint of a thousand layers takes some 100,000. Default 20 million. */
  readonly mostOperations?: number;
}

const MOST_OPERATIONS = 20_000_000;
/** Values on the stack. */
const LONGEST_STACK = 2_000_000;
/** Items of lists, dictionaries and sets that calls make; a file holds what it calls with. */
const MOST_MADE = 1_000_000;
/** Bytes that calls make, beside twice those of the file. */
const SPARE_BYTES = 1 << 26;
/** Open marks, which is how deep literal lists and tuples are nested. */
const MOST_MARKS = 1000;
/** Lists, tuples and objects; a dictionary or set counts as three. A checkpoint has eight or so a tensor. */
const MOST_CONTAINERS = 6_000_000;
const WEIGHT_OF_MAP = 3;
/** Names that are not known; a checkpoint has a few. */
const MOST_NAMES = 10_000;
/** Characters of a name that is not known; Python's own are shorter. */
const LONGEST_NAME = 200;

/** The stack, the memo and the position of a pickle being read. */
export class Machine {
  /** The bytes. */
  readonly reader: ByteReader;
  /** Values since the last mark. */
  stack: unknown[] = [];
  /** Set by the last operation. */
  finished = false;
  readonly #below: unknown[][] = [];
  readonly #memo = new Map<number, unknown>();
  readonly #names = new Map<string, PyName>();
  #operations = 0;
  #containers = 0;
  #made = 0;
  #madeBytes = 0;

  constructor(bytes: Uint8Array, readonly options: UnpickleOptions) {
    this.reader = new ByteReader(bytes, options.start ?? 0);
  }

  /** Called before each operation. */
  countOperation(): void {
    const most = this.options.mostOperations ?? MOST_OPERATIONS;
    if (++this.#operations > most) {
      throw new FormatError(`the pickle has more than ${most} operations`);
    }
  }

  /**
   * Counts what a call made or filled. It may be called again and again with one remembered value, so that the file says
   * nothing of how much that is.
   */
  count(made: unknown): void {
    if (Array.isArray(made)) this.#made += made.length;
    else if (made instanceof PyTuple) this.#made += made.items.length;
    else if (made instanceof Map || made instanceof Set) this.#made += made.size;
    else if (made instanceof Uint8Array) this.#madeBytes += made.length;
    else this.#madeBytes += (made as Partial<Weighed> | null)?.weight ?? 0;
    const most = 2 * this.reader.bytes.length + SPARE_BYTES;
    if (this.#made > MOST_MADE || this.#madeBytes > most) {
      throw new FormatError("the pickle makes far more than the file holds; that much is refused");
    }
  }

  /** Pushes a new list, tuple, dictionary or set: a few bytes of a file make one, which takes a hundred. */
  pushNew(value: unknown): void {
    this.#containers += value instanceof Map || value instanceof Set ? WEIGHT_OF_MAP : 1;
    if (this.#containers > MOST_CONTAINERS) {
      throw new FormatError("the pickle makes more lists and dictionaries than any checkpoint has");
    }
    this.push(value);
  }

  push(value: unknown): void {
    if (this.stack.length >= LONGEST_STACK) {
      throw new FormatError(`the pickle keeps more than ${LONGEST_STACK} values on its stack`);
    }
    this.stack.push(value);
  }

  pop(): unknown {
    if (this.stack.length === 0) throw this.damaged("takes a value from an empty stack");
    return this.stack.pop();
  }

  /** The last value, which stays. */
  top(): unknown {
    if (this.stack.length === 0) throw this.damaged("looks at an empty stack");
    return this.stack[this.stack.length - 1];
  }

  mark(): void {
    if (this.#below.length >= MOST_MARKS) {
      throw new FormatError(`the pickle nests more than ${MOST_MARKS} levels deep`);
    }
    this.#below.push(this.stack);
    this.stack = [];
  }

  /** Values since the last mark, which is taken away. */
  popMark(): unknown[] {
    const below = this.#below.pop();
    if (!below) throw this.damaged("goes back to a mark that is not there");
    const items = this.stack;
    this.stack = below;
    return items;
  }

  /** Removes the last value, or the last mark where nothing lies above it. */
  drop(): void {
    if (this.stack.length > 0) this.stack.pop();
    else this.popMark();
  }

  remember(index: number): void {
    this.#memo.set(index, this.top());
  }

  rememberNext(): void {
    this.remember(this.#memo.size);
  }

  recall(index: number): unknown {
    if (!this.#memo.has(index)) {
      throw this.damaged(`recalls value ${index}, which was never stored`);
    }
    return this.#memo.get(index);
  }

  /** The value of a Python name; of one that is not given the name, which stands for whatever it is. */
  find(module: string, name: string): unknown {
    const key = `${module} ${name}`;
    const { globals } = this.options;
    return globals.has(key) ? globals.get(key) : this.name(`${module}.${name}`);
  }

  /** A name that is not known, one for all that refer to it. */
  name(text: string): PyName {
    const key = text.slice(0, LONGEST_NAME);
    const known = this.#names.get(key);
    if (known) return known;
    if (this.#names.size >= MOST_NAMES) {
      throw new FormatError(`the pickle names more than ${MOST_NAMES} types that are not known`);
    }
    const name = new PyName(key);
    this.#names.set(key, name);
    return name;
  }

  persistent(id: unknown): unknown {
    const { persistentLoad } = this.options;
    if (!persistentLoad) throw this.damaged("refers to data outside of the pickle");
    return readOrNamed(() => persistentLoad(id));
  }

  damaged(what: string): FormatError {
    return new FormatError(`the pickle ${what} at byte ${this.reader.at}; the file is damaged`);
  }
}

/** What `read` gives, or a stand-in where that is nothing that is read here. */
export function readOrNamed(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UnreadError)) throw error;
    return new PyObject(error.what, error.message);
  }
}
