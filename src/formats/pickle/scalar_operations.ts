import type { ByteReader } from "../byte_reader.ts";
import { FormatError } from "../format_error.ts";
import type { Machine } from "./machine.ts";
import { OP, type Operations } from "./opcodes.ts";
import { quoted } from "./python.ts";

/** Longest integer, in bytes or decimal digits. */
const LONGEST_INTEGER = 1024;
/** Longest byte string that is taken for a text. */
const LONGEST_TEXT = 1 << 16;

/** A little-endian integer in two's complement. */
function long(bytes: Uint8Array): number | bigint {
  if (bytes.length > LONGEST_INTEGER) {
    throw new FormatError(`an integer takes ${bytes.length} bytes`);
  }
  const digits = bytes.toReversed().toHex();
  const value = digits ? BigInt.asIntN(8 * bytes.length, BigInt(`0x${digits}`)) : 0n;
  return narrow(value);
}

/** A plain number where that is exact. */
function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function decimal(line: string): number | bigint {
  const text = line.replace(/L$/, "");
  if (!/^[+-]?\d+$/.test(text) || text.length > LONGEST_INTEGER) {
    throw new FormatError(`an integer is written as ${quoted(line.slice(0, 40))}`);
  }
  return narrow(BigInt(text.replace(/^\+/, "")));
}

function float(line: string): number {
  const text = line.trim().toLowerCase();
  const special: Record<string, number> = { nan: NaN, inf: Infinity, "-inf": -Infinity };
  const value = Object.hasOwn(special, text) ? special[text] : Number(text || "x");
  if (Number.isNaN(value) && text !== "nan") {
    throw new FormatError(`a number is written as ${quoted(line.slice(0, 40))}`);
  }
  return value;
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
  "\n": "",
};

/** The `repr` of a Python 2 string, one character a byte. */
function unquote(line: string): string {
  const inner = /^(['"])(.*)\1\s*$/s.exec(line)?.[2];
  if (inner === undefined) throw new FormatError("a text has no quotes around it");
  return inner.replace(/\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|.)/gs, (_, code: string) => {
    if (code.length === 3 && code[0] === "x") {
      return String.fromCharCode(parseInt(code.slice(1), 16));
    }
    if (/^[0-7]/.test(code)) return String.fromCharCode(parseInt(code, 8) & 0xff);
    return ESCAPES[code] ?? code;
  });
}

/** Python's `raw-unicode-escape`. */
function rawUnicode(line: string): string {
  return line.replace(/\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/g, (all, short, long) => {
    const code = parseInt(short ?? long, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}

function int(line: string): boolean | number | bigint {
  return line === "00" ? false : line === "01" ? true : decimal(line);
}

/** A `str` of Python 2: a text, but where it is too long for one the bytes of an array, which as a text take a minute. */
function byteString(reader: ByteReader): string | Uint8Array {
  const length = reader.u32();
  return length > LONGEST_TEXT ? reader.raw(length) : reader.latin1(length);
}

/** Opcodes that push one number, text, byte string or constant. */
export const SCALAR_OPERATIONS: Operations<Machine> = {
  [OP.NONE]: (m) => m.push(null),
  [OP.NEWTRUE]: (m) => m.push(true),
  [OP.NEWFALSE]: (m) => m.push(false),
  [OP.INT]: (m) => m.push(int(m.reader.line())),
  [OP.BININT]: (m) => m.push(m.reader.i32()),
  [OP.BININT1]: (m) => m.push(m.reader.u8()),
  [OP.BININT2]: (m) => m.push(m.reader.u16()),
  [OP.LONG]: (m) => m.push(decimal(m.reader.line())),
  [OP.LONG1]: (m) => m.push(long(m.reader.raw(m.reader.u8()))),
  [OP.LONG4]: (m) => m.push(long(m.reader.raw(m.reader.u32()))),
  [OP.FLOAT]: (m) => m.push(float(m.reader.line())),
  [OP.BINFLOAT]: (m) => m.push(m.reader.f64()),
  [OP.STRING]: (m) => m.push(unquote(m.reader.line())),
  [OP.BINSTRING]: (m) => m.push(byteString(m.reader)),
  [OP.SHORT_BINSTRING]: (m) => m.push(m.reader.latin1(m.reader.u8())),
  [OP.UNICODE]: (m) => m.push(rawUnicode(m.reader.line())),
  [OP.BINUNICODE]: (m) => m.push(m.reader.utf8(m.reader.u32())),
  [OP.SHORT_BINUNICODE]: (m) => m.push(m.reader.utf8(m.reader.u8())),
  [OP.BINUNICODE8]: (m) => m.push(m.reader.utf8(m.reader.u64())),
  [OP.BINBYTES]: (m) => m.push(m.reader.raw(m.reader.u32())),
  [OP.SHORT_BINBYTES]: (m) => m.push(m.reader.raw(m.reader.u8())),
  [OP.BINBYTES8]: (m) => m.push(m.reader.raw(m.reader.u64())),
  [OP.BYTEARRAY8]: (m) => m.push(m.reader.raw(m.reader.u64())),
};
