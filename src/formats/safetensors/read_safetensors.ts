import { crc32 } from "../crc32.ts";
import { shown } from "../visible.ts";
import {
  ARRAY_TYPES,
  CHECKSUM,
  type Safetensors,
  SafetensorsError,
  type SafetensorsTensor,
} from "./safetensors_dtype.ts";
import { headerLength, parseHeader, type SafetensorsEntry } from "./safetensors_header.ts";

/** Bytes that can be read part by part, such as an open file. */
export interface ByteSource {
  /** How many there are. */
  readonly size: number;
  /** Those from `begin` up to `end`; fewer where the source ends before. The memory is the caller's. */
  read(begin: number, end: number): Uint8Array<ArrayBuffer>;
}

/** Bytes of neighbouring tensors that are read at once. */
const PART = 1 << 24;

/** Bytes in memory, which are copied where they are read. */
export function inMemory(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (begin, end) => new Uint8Array(bytes.subarray(begin, end)) };
}

/** Neighbouring tensors, together some 16 MiB or one that is larger. */
function* parts(entries: readonly SafetensorsEntry[]): Generator<SafetensorsEntry[]> {
  let part: SafetensorsEntry[] = [];
  for (const entry of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (part.length > 0 && entry.end - part[0].begin > PART) {
      yield part;
      part = [];
    }
    part.push(entry);
  }
  if (part.length > 0) yield part;
}

/** The numbers of a tensor, which may share the memory of its neighbours. */
function numbers(
  bytes: Uint8Array<ArrayBuffer>,
  dtype: SafetensorsTensor["dtype"],
): SafetensorsTensor["data"] {
  const ArrayType = ARRAY_TYPES[dtype];
  const size = ArrayType.BYTES_PER_ELEMENT;
  const own = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  return new ArrayType(own.buffer, own.byteOffset, own.length / size);
}

/** Checks the data against the checksum in the metadata, which this program's files have. */
function checkSum(wanted: string | undefined, found: number): void {
  if (wanted === undefined || Number.parseInt(wanted, 16) === found) return;
  throw new SafetensorsError(
    `the checksum of the data is ${found.toString(16).padStart(8, "0")}, but the file says ${
      shown(wanted, 20)
    }; the file is damaged`,
  );
}

/**
 * Reads a safetensors file. Nothing is allocated before the header has been checked against the bytes that are there, and
 * a file is not held twice. A checksum of this program's is checked.
 *
 * @param file the whole file, or where it can be read from
 * @returns tensors that own their memory, some together with their neighbours, and the metadata
 * @throws {SafetensorsError} where the file is truncated or damaged, or breaks the format
 */
export function readSafetensors(file: Uint8Array | ByteSource): Safetensors {
  const source = file instanceof Uint8Array ? inMemory(file) : file;
  const length = headerLength(source.read(0, 8), source.size);
  const start = 8 + length;
  const { entries, metadata } = parseHeader(source.read(8, start), source.size - start);
  const data = new Map<SafetensorsEntry, SafetensorsTensor["data"]>();
  let sum = 0;
  for (const part of parts(entries)) {
    const [from, to] = [part[0].begin, part.at(-1)!.end];
    const bytes = source.read(start + from, start + to);
    if (bytes.length !== to - from) throw new SafetensorsError("the file ended while it was read");
    if (CHECKSUM in metadata) sum = crc32(bytes, sum);
    for (const entry of part) {
      const { dtype, begin, end } = entry;
      if (dtype) data.set(entry, numbers(bytes.subarray(begin - from, end - from), dtype));
    }
  }
  checkSum(metadata[CHECKSUM], sum);
  delete metadata[CHECKSUM];
  const tensors = new Map<string, SafetensorsTensor>();
  const unread = new Map<string, string>();
  for (const entry of entries) {
    const { name, dtype, type, shape } = entry;
    if (dtype) tensors.set(name, { dtype, shape, data: data.get(entry)! });
    else unread.set(name, type);
  }
  return { tensors, metadata, unread };
}
