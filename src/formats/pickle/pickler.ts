import { FormatError } from "../format_error.ts";
import { ByteWriter } from "./byte_writer.ts";
import { OP } from "./opcodes.ts";
import { PyFloat, PyOrderedDict, PyTuple, quoted } from "./python.ts";

/** Items that one opcode adds at most, as Python's pickle does it. */
const BATCH = 1000;

/** Writes values that the pickler does not know; returns whether it did. */
type Extension = (value: object, pickler: Pickler) => boolean;

/** Writes values as Python's pickle protocol 2, with no more opcodes than PyTorch's `weights_only` reads. */
export class Pickler {
  /** The bytes so far. */
  readonly out = new ByteWriter();
  readonly #texts = new Map<string, number>();
  readonly #globals = new Map<string, number>();
  #stored = 0;

  /** Begins a pickle. */
  constructor(readonly extension: Extension = () => false) {
    this.out.u8(OP.PROTO, 2);
  }

  /** Ends the pickle and returns its bytes. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.out.u8(OP.STOP).take();
  }

  /**
   * Writes null, booleans, numbers (whole ones as `int`), texts, arrays as lists, `PyTuple`, `PyFloat`,
   * `PyOrderedDict`, and `Map` as `dict`.
   *
   * @throws {FormatError} for anything else that the extension does not write
   */
  write(value: unknown): void {
    if (value === null) this.out.u8(OP.NONE);
    else if (typeof value === "boolean") this.out.u8(value ? OP.NEWTRUE : OP.NEWFALSE);
    else if (typeof value === "number") this.#number(value);
    else if (typeof value === "bigint") this.#long(value);
    else if (typeof value === "string") this.#text(value);
    else if (typeof value === "object") this.#object(value);
    else throw new FormatError(`a ${typeof value} cannot be written to a torch file`);
  }

  /** Writes a Python name. */
  global(module: string, name: string): void {
    this.#once(this.#globals, `${module}\n${name}\n`, (text) => {
      this.out.u8(OP.GLOBAL).text(text);
    });
  }

  /** Writes a call of a Python name. */
  call(module: string, name: string, args: readonly unknown[]): void {
    this.global(module, name);
    this.write(new PyTuple(args));
    this.out.u8(OP.REDUCE);
  }

  #object(value: object): void {
    if (value instanceof PyFloat) this.out.u8(OP.BINFLOAT).f64(value.value);
    else if (value instanceof PyTuple) this.#tuple(value.items);
    else if (value instanceof PyOrderedDict) {
      this.call("collections", "OrderedDict", []);
      this.#items([...value], OP.SETITEMS, ([key, item]) => this.#pair(key, item));
    } else if (value instanceof Map) {
      this.out.u8(OP.EMPTY_DICT);
      this.#items([...value], OP.SETITEMS, ([key, item]) => this.#pair(key, item));
    } else if (Array.isArray(value)) {
      this.out.u8(OP.EMPTY_LIST);
      this.#items(value, OP.APPENDS, (item) => this.write(item));
    } else if (!this.extension(value, this)) {
      throw new FormatError(`${quoted(value)} cannot be written to a torch file`);
    }
  }

  #pair(key: unknown, value: unknown): void {
    this.write(key);
    this.write(value);
  }

  #items<T>(items: readonly T[], add: number, write: (item: T) => void): void {
    for (let start = 0; start < items.length; start += BATCH) {
      this.out.u8(OP.MARK);
      for (const item of items.slice(start, start + BATCH)) write(item);
      this.out.u8(add);
    }
  }

  #tuple(items: readonly unknown[]): void {
    if (items.length === 0) {
      this.out.u8(OP.EMPTY_TUPLE);
      return;
    }
    this.out.u8(OP.MARK);
    for (const item of items) this.write(item);
    this.out.u8(OP.TUPLE);
  }

  #number(value: number): void {
    if (!Number.isInteger(value) || Object.is(value, -0)) this.out.u8(OP.BINFLOAT).f64(value);
    else if (value >= 0 && value < 0x100) this.out.u8(OP.BININT1, value);
    else if (value >= 0 && value < 0x10000) this.out.u8(OP.BININT2).u16(value);
    else if (value === (value | 0)) this.out.u8(OP.BININT).i32(value);
    else this.#long(BigInt(value));
  }

  #long(value: bigint): void {
    let size = 1;
    while (BigInt.asIntN(8 * size, value) !== value) size++;
    if (size > 255) throw new FormatError(`the integer ${quoted(value)} is too large`);
    const digits = BigInt.asUintN(8 * size, value).toString(16).padStart(2 * size, "0");
    this.out.u8(OP.LONG1, size).raw(Uint8Array.fromHex(digits).reverse());
  }

  #text(value: string): void {
    this.#once(this.#texts, value, () => {
      const bytes = new TextEncoder().encode(value);
      this.out.u8(OP.BINUNICODE).u32(bytes.length).raw(bytes);
    });
  }

  /** Writes a value the first time, and a reference to it afterwards. */
  #once(known: Map<string, number>, key: string, write: (key: string) => void): void {
    const index = known.get(key);
    if (index !== undefined) {
      if (index < 0x100) this.out.u8(OP.BINGET, index);
      else this.out.u8(OP.LONG_BINGET).u32(index);
      return;
    }
    write(key);
    known.set(key, this.#stored);
    if (this.#stored < 0x100) this.out.u8(OP.BINPUT, this.#stored);
    else this.out.u8(OP.LONG_BINPUT).u32(this.#stored);
    this.#stored++;
  }
}
