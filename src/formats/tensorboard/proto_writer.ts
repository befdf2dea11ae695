const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/** Writes the fields of one protocol buffers message, by their numbers. */
export class ProtoWriter {
  readonly #bytes: number[] = [];

  /** The message so far. */
  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  /** A field of type double. */
  double(field: number, value: number): this {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value, true);
    return this.#tag(field, FIXED64).#append(new Uint8Array(view.buffer));
  }

  /** A field of type float. */
  float(field: number, value: number): this {
    const view = new DataView(new ArrayBuffer(4));
    view.setFloat32(0, value, true);
    return this.#tag(field, FIXED32).#append(new Uint8Array(view.buffer));
  }

  /** A field of type int32, int64 or an enumeration; `value` is an integer from 0 to 2^53 - 1. */
  integer(field: number, value: number): this {
    return this.#tag(field, VARINT).#varint(value);
  }

  /** A field of type bytes, or string in UTF-8. */
  bytes(field: number, value: Uint8Array | string): this {
    const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
    return this.#tag(field, LENGTH).#varint(bytes.length).#append(bytes);
  }

  /** A field that is a message itself. */
  message(field: number, value: ProtoWriter): this {
    return this.bytes(field, value.finish());
  }

  #tag(field: number, type: number): this {
    return this.#varint(field * 8 + type);
  }

  #varint(value: number): this {
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) this.#bytes.push(rest % 128 + 128);
    this.#bytes.push(rest);
    return this;
  }

  #append(bytes: Uint8Array): this {
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }
}
