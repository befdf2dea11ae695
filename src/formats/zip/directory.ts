import { ByteReader } from "../byte_reader.ts";
import { FormatError } from "../format_error.ts";
import { shown } from "../visible.ts";

/** An entry as the archive's directory describes it. */
export interface DirectoryEntry {
  /** Path in the archive. */
  readonly name: string;
  /** 0 stored, 8 deflated. */
  readonly method: number;
  /** CRC-32 of the unpacked bytes; 0 also where the writer left it out. */
  readonly crc: number;
  /** Bytes in the archive. */
  readonly packed: number;
  /** Bytes unpacked. */
  readonly size: number;
  /** Where its header in the archive is. */
  readonly header: number;
}

/** The directory of an archive, and where it begins. */
export interface Directory {
  /** In the directory's order. */
  readonly entries: readonly DirectoryEntry[];
  /** Everything before it belongs to entries. */
  readonly begin: number;
}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const ENTRY = 0x02014b50;
const END_SIZE = 22;
const LOCATOR_SIZE = 20;
/** Extra field with 64-bit sizes. */
const EXTRA_64 = 1;
/** A 32-bit field whose value is in a 64-bit one. */
const ELSEWHERE = 0xffffffff;
const ELSEWHERE_16 = 0xffff;
const ENCRYPTED = 1;

/** How far from the end of the file the directory's end may lie: padded downloads and copies of a device go on behind it. */
export const LONGEST_TAIL = 1 << 24;

/**
 * The last place where the record at the end of a directory is: followed by its comment up to the end of the file, or
 * else by anything, where it leads to a directory.
 *
 * @param base where the bytes begin in the file
 * @returns its place among the bytes
 */
export function findEnd(bytes: Uint8Array, base = 0): number {
  const first = Math.max(0, bytes.length - END_SIZE - LONGEST_TAIL);
  for (let at = bytes.length - END_SIZE; at >= first; at--) {
    if (bytes[at] !== 0x50 || bytes[at + 1] !== 0x4b) continue;
    const reader = new ByteReader(bytes, at);
    if (reader.u32() !== END) continue;
    reader.at = at + END_SIZE - 2;
    if (reader.u16() === bytes.length - at - END_SIZE) return at;
    if (leadsToDirectory(bytes, at, base)) return at;
  }
  throw new FormatError("the archive has no directory at its end; the file is truncated");
}

/** Whether a record that is not at the end of the file is that of a directory, as far as it lies among the bytes. */
function leadsToDirectory(bytes: Uint8Array, at: number, base: number): boolean {
  const reader = new ByteReader(bytes, at + 10);
  const [count, size, begin] = [reader.u16(), reader.u32(), reader.u32()];
  if (count === ELSEWHERE_16 || size === ELSEWHERE || begin === ELSEWHERE) {
    const locator = at - LOCATOR_SIZE;
    return locator >= 0 && new ByteReader(bytes, locator).u32() === LOCATOR_64;
  }
  if (count === 0 || begin + size > base + at) return false;
  return begin < base || new ByteReader(bytes, begin - base).u32() === ENTRY;
}

interface End {
  count: number;
  size: number;
  begin: number;
}

function readEnd(bytes: Uint8Array, at: number): End {
  const reader = new ByteReader(bytes, at + 4);
  if (reader.u16() !== 0 || reader.u16() !== 0) {
    throw new FormatError("the archive is one part of several; join them first");
  }
  reader.u16();
  const end = { count: reader.u16(), size: reader.u32(), begin: reader.u32() };
  const elsewhere = end.count === ELSEWHERE_16 || end.size === ELSEWHERE ||
    end.begin === ELSEWHERE;
  return (elsewhere ? readEnd64(bytes, at - LOCATOR_SIZE) : null) ?? end;
}

function readEnd64(bytes: Uint8Array, locator: number): End | null {
  if (locator < 0 || new ByteReader(bytes, locator).u32() !== LOCATOR_64) return null;
  const at = new ByteReader(bytes, locator + 8).u64();
  if (at + 56 > locator || new ByteReader(bytes, at).u32() !== END_64) {
    throw new FormatError("the archive's 64-bit directory is not where it should be");
  }
  const reader = new ByteReader(bytes, at + 32);
  return { count: reader.u64(), size: reader.u64(), begin: reader.u64() };
}

/** Sizes and position of an entry, from the 64-bit extra field where the others say so. */
function wideFields(reader: ByteReader, length: number, narrow: readonly number[]): number[] {
  const end = reader.at + length;
  const values = [...narrow];
  while (reader.at + 4 <= end) {
    const id = reader.u16();
    const next = reader.at + 2 + reader.u16();
    if (next > end) throw new FormatError("the extra fields of an entry are longer than they say");
    if (id === EXTRA_64) {
      for (let i = 0; i < values.length; i++) {
        if (narrow[i] === ELSEWHERE && reader.at + 8 <= next) values[i] = reader.u64();
      }
    }
    reader.at = next;
  }
  reader.at = end;
  return values;
}

function readEntry(reader: ByteReader): DirectoryEntry {
  if (reader.u32() !== ENTRY) throw new FormatError("the archive's directory is damaged");
  reader.skip(4);
  const flags = reader.u16();
  const method = reader.u16();
  reader.skip(4);
  const crc = reader.u32();
  const [packed, size] = [reader.u32(), reader.u32()];
  const [nameLength, extraLength, commentLength] = [reader.u16(), reader.u16(), reader.u16()];
  reader.skip(8);
  const header = reader.u32();
  const name = reader.utf8(nameLength);
  if (extraLength > reader.left) throw new FormatError("the archive's directory is truncated");
  const wide = wideFields(reader, extraLength, [size, packed, header]);
  reader.skip(commentLength);
  if (flags & ENCRYPTED) throw new FormatError(`the entry ${shown(name)} is encrypted`);
  if (method !== 0 && method !== 8) {
    throw new FormatError(
      `the entry ${shown(name)} is packed by method ${method}; stored and deflated are read`,
    );
  }
  return { name, method, crc, size: wide[0], packed: wide[1], header: wide[2] };
}

/**
 * Reads the directory of a zip archive, with 64-bit sizes too.
 *
 * @throws {FormatError} where there is none, or it does not lie in the file
 */
export function readDirectory(bytes: Uint8Array): Directory {
  const at = findEnd(bytes);
  const { count, size, begin } = readEnd(bytes, at);
  if (begin + size > at || count * 46 > size) {
    throw new FormatError(
      "the archive's directory does not lie in the file; it is truncated or damaged",
    );
  }
  const reader = new ByteReader(bytes.subarray(0, begin + size), begin);
  const entries = Array.from({ length: count }, () => readEntry(reader));
  return { entries, begin };
}
