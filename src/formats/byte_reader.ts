import { FormatError } from "./format_error.ts";

/** Data that end before what they say they hold does. */
export class TruncatedError extends FormatError {}

/** Longest line of a text opcode, in bytes. */
const LONGEST_LINE = 1 << 20;

/** Reads little-endian numbers and texts; an attempt to read past the end is an error, never an allocation. */
export class ByteReader {
  readonly #view: DataView;
  readonly #utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

  /** Starts at `at`. */
  constructor(readonly bytes: Uint8Array, public at = 0) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes that are left. */
  get left(): number {
    return this.bytes.length - this.at;
  }

  /** The position before the next `length` bytes, which are then behind it. */
  skip(length: number): number {
    if (length > this.left) {
      const missing = length - this.left;
      throw new TruncatedError(
        `the data ends at byte ${this.bytes.length}, ${missing} ${
          missing === 1 ? "byte" : "bytes"
        } too early; the file is truncated or damaged`,
      );
    }
    const at = this.at;
    this.at += length;
    return at;
  }

  u8(): number {
    return this.bytes[this.skip(1)];
  }

  u16(): number {
    return this.#view.getUint16(this.skip(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.skip(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.skip(4), true);
  }

  /** An unsigned 64-bit length; one that no file has reads as larger than any. */
  u64(): number {
    return Number(this.#view.getBigUint64(this.skip(8), true));
  }

  /** A big-endian double. */
  f64(): number {
    return this.#view.getFloat64(this.skip(8), false);
  }

  /** Part of the file's memory, not a copy. */
  raw(length: number): Uint8Array {
    const at = this.skip(length);
    return this.bytes.subarray(at, at + length);
  }

  /** A text in UTF-8. */
  utf8(length: number): string {
    return this.#utf8.decode(this.raw(length));
  }

  /** One character a byte. */
  latin1(length: number): string {
    const bytes = this.raw(length);
    let text = "";
    for (let i = 0; i < bytes.length; i += 4096) {
      text += String.fromCharCode(...bytes.subarray(i, i + 4096));
    }
    return text;
  }

  /** Up to the next line feed, which is not part of it. */
  line(): string {
    const end = this.bytes.subarray(this.at, this.at + LONGEST_LINE).indexOf(10);
    if (end < 0) {
      throw new FormatError(`the line at byte ${this.at} has no end; the file is damaged`);
    }
    const text = this.latin1(end);
    this.at++;
    return text;
  }
}
