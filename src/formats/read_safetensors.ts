import { shown } from "./visible.ts";
import {
  ARRAY_TYPES,
  elementCount,
  MOST_DIMENSIONS,
  type Safetensors,
  type SafetensorsDtype,
  SafetensorsError,
  type SafetensorsTensor,
} from "./safetensors_dtype.ts";

/** Largest header that is read, in bytes; the limit of the reference implementation. */
const MAX_HEADER = 100_000_000;

/** A tensor as the header describes it, checked. */
interface Entry {
  name: string;
  dtype: SafetensorsDtype;
  shape: number[];
  begin: number;
  end: number;
}

function headerLength(bytes: Uint8Array): number {
  if (bytes.length < 8) {
    throw new SafetensorsError(
      `a safetensors file starts with 8 bytes of header length; this one has ${bytes.length} bytes`,
    );
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER)) {
    throw new SafetensorsError(
      `the header says it is ${length} bytes long, more than the ${MAX_HEADER} allowed; this is not a safetensors file`,
    );
  }
  if (Number(length) > bytes.length - 8) {
    throw new SafetensorsError(
      `the header says it is ${length} bytes long but ${
        bytes.length - 8
      } follow; the file is truncated`,
    );
  }
  return Number(length);
}

/** Where the text that begins with the quote at `start` ends, behind its closing quote. The text is valid JSON. */
function endOfText(json: string, start: number): number {
  let at = start + 1;
  while (json[at] !== '"') at += json[at] === "\\" ? 2 : 1;
  return at + 1;
}

/** What follows a name, wherever `lastIndex` says. */
const COLON = /\s*:/y;

/** `JSON.parse` keeps the last of two equal names; this finds them. The text is valid JSON. */
function duplicateName(json: string): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    if (json[at] === "{") depth++;
    else if (json[at] === "}") depth--;
    if (json[at] !== '"') continue;
    const end = endOfText(json, at);
    COLON.lastIndex = end;
    if (depth === 1 && COLON.test(json)) {
      const name = JSON.parse(json.slice(at, end));
      if (seen.has(name)) return name;
      seen.add(name);
    }
    at = end - 1;
  }
  return undefined;
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let json: string;
  let header: unknown;
  try {
    json = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    header = JSON.parse(json);
  } catch (error) {
    throw new SafetensorsError(`the header is not JSON: ${shown((error as Error).message, 160)}`);
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) {
    throw new SafetensorsError("the header is JSON, but not an object of tensors by name");
  }
  const duplicate = duplicateName(json);
  if (duplicate !== undefined) {
    throw new SafetensorsError(`the header names the tensor ${shown(duplicate)} twice`);
  }
  return header as Record<string, unknown>;
}

function parseMetadata(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : null;
  if (!entries || Array.isArray(value) || entries.some(([, text]) => typeof text !== "string")) {
    throw new SafetensorsError("__metadata__ must be an object of texts");
  }
  return Object.fromEntries(entries);
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

function parseEntry(name: string, value: unknown, size: number): Entry {
  const { dtype, shape, data_offsets } = (value ?? {}) as Record<string, unknown>;
  if (typeof dtype !== "string" || !Object.hasOwn(ARRAY_TYPES, dtype)) {
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
  const [begin, end] = parseOffsets(name, data_offsets, size);
  const wanted = count * ARRAY_TYPES[dtype as SafetensorsDtype].BYTES_PER_ELEMENT;
  if (end - begin !== wanted) {
    throw new SafetensorsError(
      `tensor ${shown(name)}: ${dtype} of shape [${
        shown(String(shape))
      }] takes ${wanted} bytes; data_offsets hold ${end - begin}`,
    );
  }
  return { name, dtype: dtype as SafetensorsDtype, shape: shape as number[], begin, end };
}

function checkCoverage(entries: readonly Entry[], size: number): void {
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

/**
 * Reads a safetensors file. Nothing is allocated before the header has been checked against the bytes that are there.
 *
 * @param bytes the whole file
 * @returns tensors that own their memory, and the metadata
 * @throws {SafetensorsError} where the file is truncated or breaks the format
 */
export function readSafetensors(bytes: Uint8Array): Safetensors {
  const length = headerLength(bytes);
  const header = parseHeader(bytes.subarray(8, 8 + length));
  const data = bytes.subarray(8 + length);
  const metadata = parseMetadata(header.__metadata__);
  const entries = Object.entries(header)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, value]) => parseEntry(name, value, data.length));
  checkCoverage(entries, data.length);
  const tensors = new Map<string, SafetensorsTensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    // A copy, because the offset need not be a multiple of the element size.
    const { buffer } = data.slice(begin, end);
    tensors.set(name, { dtype, shape, data: new ARRAY_TYPES[dtype](buffer as ArrayBuffer) });
  }
  return { tensors, metadata };
}
