import { shown } from "../visible.ts";
import { JsonError, jsonMembers, jsonValue } from "./json_members.ts";
import {
  ARRAY_TYPES,
  elementCount,
  MOST_DIMENSIONS,
  type SafetensorsDtype,
  SafetensorsError,
} from "./safetensors_dtype.ts";

/** Largest header that is read, in bytes; the limit of the reference implementation. */
const MAX_HEADER = 100_000_000;
/** Characters of the header that describe one tensor. */
const LONGEST_ENTRY = 10_000;
/** Characters of a tensor's name. */
const LONGEST_NAME = 10_000;

/** Tensors of a file, and texts of its metadata. */
const MOST_ENTRIES = 1_000_000;
const MOST_TEXTS = 100_000;

/** Types of numbers that the format has and that are not read, with the bits of one. */
const UNREAD_BITS: Readonly<Record<string, number>> = { F4: 4, F6_E2M3: 6, F6_E3M2: 6, C64: 64 };

/** A tensor as the header describes it, checked. */
export interface SafetensorsEntry {
  readonly name: string;
  /** Type of its numbers; null where they are not read. */
  readonly dtype: SafetensorsDtype | null;
  /** The type as the file names it. */
  readonly type: string;
  readonly shape: readonly number[];
  /** Where its bytes begin and end, from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

/** What a safetensors file says of itself. */
interface SafetensorsHeader {
  /** In the header's order. */
  readonly entries: readonly SafetensorsEntry[];
  readonly metadata: Record<string, string>;
}

/**
 * How long the header behind the first eight bytes is.
 *
 * @param start at least the first eight bytes of the file, where it has that many
 * @param size bytes of the whole file
 * @throws {SafetensorsError} where it does not lie in the file
 */
export function headerLength(start: Uint8Array, size: number): number {
  if (size < 8) {
    throw new SafetensorsError(
      `a safetensors file starts with 8 bytes of header length; this one has ${size} bytes`,
    );
  }
  const length = new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER)) {
    throw new SafetensorsError(
      `the header says it is ${length} bytes long, more than the ${MAX_HEADER} allowed; this is not a safetensors file`,
    );
  }
  if (Number(length) > size - 8) {
    throw new SafetensorsError(
      `the header says it is ${length} bytes long but ${size - 8} follow; the file is truncated`,
    );
  }
  return Number(length);
}

/** Says of what is wrong with JSON where it is. */
function inHeader<T>(where: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new SafetensorsError(`${where} is not JSON as it should be: ${error.message}`);
  }
}

/** The members of an object, each name once. */
function fields(json: string, most = 100): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [name, text] of jsonMembers(json)) {
    if (found.has(name)) throw new JsonError(`it has ${shown(JSON.stringify(name))} twice`);
    if (found.size >= most) throw new JsonError(`it has more than ${most} members`);
    found.set(name, jsonValue(text));
  }
  return found;
}

function parseMetadata(json: string): Record<string, string> {
  if (json.trim() === "null") return {};
  const entries = inHeader("__metadata__ of the header", () => fields(json, MOST_TEXTS));
  for (const [, text] of entries) {
    if (typeof text !== "string") {
      throw new SafetensorsError("__metadata__ must be an object of texts");
    }
  }
  return Object.fromEntries(entries) as Record<string, string>;
}

function parseOffsets(name: string, offsets: unknown, size: number): [number, number] {
  if (
    !Array.isArray(offsets) || offsets.length !== 2 ||
    !offsets.every((offset) => Number.isSafeInteger(offset) && offset >= 0)
  ) {
    throw new SafetensorsError(`tensor ${shown(name)}: data_offsets must be [begin, end]`);
  }
  const [begin, end] = offsets;
  if (begin > end || end > size) {
    throw new SafetensorsError(
      `tensor ${
        shown(name)
      }: data_offsets [${begin}, ${end}] do not lie in the ${size} bytes of data; the file is truncated or damaged`,
    );
  }
  return [begin, end];
}

/** Bits of a number of a type, or undefined where there is no such type. */
function bitsOf(dtype: string): number | undefined {
  if (Object.hasOwn(UNREAD_BITS, dtype)) return UNREAD_BITS[dtype];
  if (!Object.hasOwn(ARRAY_TYPES, dtype)) return undefined;
  return 8 * ARRAY_TYPES[dtype as SafetensorsDtype].BYTES_PER_ELEMENT;
}

function parseEntry(name: string, json: string, size: number): SafetensorsEntry {
  if (name.length > LONGEST_NAME || json.length > LONGEST_ENTRY) {
    throw new SafetensorsError(
      `tensor ${shown(name)}: its name and what the header says of it may have ` +
        `${LONGEST_NAME} characters each; they have ${name.length} and ${json.length}`,
    );
  }
  const entry = inHeader(`tensor ${shown(name)} in the header`, () => fields(json));
  const [dtype, shape] = [entry.get("dtype"), entry.get("shape")];
  const bits = typeof dtype === "string" ? bitsOf(dtype) : undefined;
  if (bits === undefined) {
    throw new SafetensorsError(
      `tensor ${shown(name)}: dtype must be one of ${Object.keys(ARRAY_TYPES).join(", ")}; got ${
        shown(JSON.stringify(dtype) ?? "nothing")
      }`,
    );
  }
  const count = elementCount(shape);
  if (Number.isNaN(count)) {
    throw new SafetensorsError(
      `tensor ${shown(name)}: shape must be a list of at most ${MOST_DIMENSIONS} sizes; got ${
        shown(JSON.stringify(shape) ?? "nothing")
      }`,
    );
  }
  const [begin, end] = parseOffsets(name, entry.get("data_offsets"), size);
  const wanted = count * bits / 8;
  if (end - begin !== wanted) {
    throw new SafetensorsError(
      `tensor ${shown(name)}: ${dtype} of shape [${
        shown(String(shape))
      }] takes ${wanted} bytes; data_offsets hold ${end - begin}`,
    );
  }
  const type = dtype as string;
  const read = Object.hasOwn(ARRAY_TYPES, type) ? type as SafetensorsDtype : null;
  return { name, dtype: read, type, shape: shape as number[], begin, end };
}

/**
 * Reads the header, and checks it against the bytes of data that follow it.
 *
 * @param bytes the header
 * @param size bytes of the data
 * @throws {SafetensorsError} where the header breaks the format or speaks of data that are not there
 */
export function parseHeader(bytes: Uint8Array, size: number): SafetensorsHeader {
  let json: string;
  try {
    json = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new SafetensorsError("the header is not JSON: it is no text in UTF-8");
  }
  const entries = new Map<string, SafetensorsEntry>();
  let metadata: Record<string, string> | null = null;
  inHeader("the header", () => {
    for (const [name, text] of jsonMembers(json)) {
      if (entries.has(name) || (name === "__metadata__" && metadata)) {
        throw new SafetensorsError(`the header names the tensor ${shown(name)} twice`);
      }
      if (entries.size >= MOST_ENTRIES) {
        throw new SafetensorsError(`the header names more than ${MOST_ENTRIES} tensors`);
      }
      if (name === "__metadata__") metadata = parseMetadata(text);
      else entries.set(name, parseEntry(name, text, size));
    }
  });
  const list = [...entries.values()];
  checkCoverage(list, size);
  return { entries: list, metadata: metadata ?? {} };
}

function checkCoverage(entries: readonly SafetensorsEntry[], size: number): void {
  let end = 0;
  for (const entry of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (entry.begin < end) {
      throw new SafetensorsError(`tensor ${shown(entry.name)}: its data overlaps another tensor's`);
    }
    if (entry.begin > end) {
      throw new SafetensorsError(
        `tensor ${shown(entry.name)}: ${
          entry.begin - end
        } bytes before its data belong to no tensor`,
      );
    }
    end = entry.end;
  }
  if (end !== size) {
    throw new SafetensorsError(`${size - end} bytes at the end of the file belong to no tensor`);
  }
}
