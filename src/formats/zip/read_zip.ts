import { inflateRawSync } from "node:zlib";
import { ByteReader } from "../byte_reader.ts";
import { crc32 } from "../crc32.ts";
import { FormatError } from "../format_error.ts";
import { shown } from "../visible.ts";
import { type Directory, type DirectoryEntry, readDirectory } from "./directory.ts";

const HEADER = 0x04034b50;
const HEADER_SIZE = 30;
const DEFLATED = 8;
/** Deflated entries that grow more than this are refused, unless they are small. */
const MOST_GROWTH = 200;
const SMALL = 1 << 24;
/** What all deflated entries of an archive may unpack to together, in bytes. */
const MOST_UNPACKED = 2 ** 33;

/** A file in an archive. */
export class ZipEntry {
  #data: Uint8Array | null = null;

  /** Takes the packed bytes, which are part of the archive's memory. */
  constructor(readonly entry: DirectoryEntry, readonly packed: Uint8Array) {}

  /** Path in the archive. */
  get name(): string {
    return this.entry.name;
  }

  /** Bytes unpacked. */
  get size(): number {
    return this.entry.size;
  }

  /**
   * The unpacked bytes; of a stored entry part of the archive's memory.
   *
   * @throws {FormatError} where they are not what the directory says
   */
  data(): Uint8Array {
    this.#data ??= this.#check(this.entry.method === DEFLATED ? this.#inflate() : this.packed);
    return this.#data;
  }

  #inflate(): Uint8Array {
    try {
      const maxOutputLength = Math.max(1, this.size);
      const { buffer, byteOffset, length } = inflateRawSync(this.packed, { maxOutputLength });
      return new Uint8Array(buffer, byteOffset, length);
    } catch {
      throw new FormatError(`the entry ${this.name} cannot be unpacked to its ${this.size} bytes`);
    }
  }

  #check(data: Uint8Array): Uint8Array {
    if (data.length !== this.size) {
      throw new FormatError(`the entry ${this.name} has ${data.length} bytes, not ${this.size}`);
    }
    // PyTorch can be told to leave checksums out; it writes 0 then.
    if (this.entry.crc !== 0 && crc32(data) !== this.entry.crc) {
      throw new FormatError(`the checksum of the entry ${this.name} is wrong; the file is damaged`);
    }
    return data;
  }
}

/** Where the packed bytes of an entry begin. */
function dataBegin(bytes: Uint8Array, { name, header }: DirectoryEntry, limit: number): number {
  if (header + HEADER_SIZE > limit) {
    throw new FormatError(
      `the entry ${shown(name)} begins behind the end of the data; the file is damaged`,
    );
  }
  const reader = new ByteReader(bytes, header);
  if (reader.u32() !== HEADER) {
    throw new FormatError(`the entry ${shown(name)} has no header; the file is damaged`);
  }
  reader.at = header + HEADER_SIZE - 4;
  const nameLength = reader.u16();
  const extraLength = reader.u16();
  return header + HEADER_SIZE + nameLength + extraLength;
}

function checkSizes({ name, method, packed, size }: DirectoryEntry): void {
  if (method !== DEFLATED) {
    if (packed !== size) {
      throw new FormatError(
        `the entry ${shown(name)} is stored, but has ${packed} bytes for ${size}`,
      );
    }
  } else if (size > SMALL && size > MOST_GROWTH * packed) {
    throw new FormatError(
      `the entry ${shown(name)} would unpack to ${size} bytes from ${packed}; that much is refused`,
    );
  }
}

function checkTotal({ entries }: Directory): void {
  const total = entries.reduce(
    (sum, { method, size }) => sum + (method === DEFLATED ? size : 0),
    0,
  );
  if (total > MOST_UNPACKED) {
    throw new FormatError(
      `the archive would unpack to ${total} bytes; at most ${MOST_UNPACKED} are`,
    );
  }
}

/**
 * Reads a zip archive. Every entry is checked against the bytes that are there, and against the others, before any is
 * unpacked; an entry is unpacked when it is asked for.
 *
 * @returns the entries by name
 * @throws {FormatError} where the archive is truncated, or its directory lies
 */
export function readZip(bytes: Uint8Array): Map<string, ZipEntry> {
  const directory = readDirectory(bytes);
  checkTotal(directory);
  const found = new Map<string, ZipEntry>();
  let end = 0;
  for (const entry of directory.entries.toSorted((a, b) => a.header - b.header)) {
    const { name, header, packed } = entry;
    if (found.has(name)) throw new FormatError(`the archive has two entries ${shown(name)}`);
    if (header < end) throw new FormatError(`the entry ${shown(name)} overlaps another`);
    checkSizes(entry);
    const begin = dataBegin(bytes, entry, directory.begin);
    end = begin + packed;
    if (end > directory.begin) {
      throw new FormatError(
        `the entry ${shown(name)} reaches behind the end of the data; the file is damaged`,
      );
    }
    found.set(name, new ZipEntry(entry, bytes.subarray(begin, end)));
  }
  return found;
}
