import { crc32 } from "../crc32.ts";
import { FormatError } from "../format_error.ts";

/** Data of every entry starts at a multiple of this, in bytes; PyTorch maps files into memory so. */
const ALIGNMENT = 64;
/** Extra field that only fills; PyTorch's own. */
const PADDING = 0x4246;
/** Names are UTF-8. */
const FLAGS = 0x0800;
/** 1980-01-01, the first date there is: the same contents give the same bytes. */
const DATE = 0x21;
const LARGEST = 0xffffffff;
const HEADER_SIZE = 30;
const ENTRY_SIZE = 46;
const END_SIZE = 22;

interface Placed {
  readonly name: Uint8Array;
  readonly data: Uint8Array;
  readonly crc: number;
  readonly header: number;
  /** Bytes of the extra field. */
  readonly extra: number;
}

function place(entries: ReadonlyMap<string, Uint8Array>): Placed[] {
  let header = 0;
  return [...entries].map(([text, data]) => {
    const name = new TextEncoder().encode(text);
    const unpadded = header + HEADER_SIZE + name.length + 4;
    const extra = 4 + (ALIGNMENT - unpadded % ALIGNMENT) % ALIGNMENT;
    const placed = { name, data, crc: crc32(data), header, extra };
    header = unpadded - 4 + extra + data.length;
    return placed;
  });
}

/** Writes little-endian fields one after another. */
class Fields {
  readonly #view: DataView;

  constructor(readonly bytes: Uint8Array<ArrayBuffer>, public at: number) {
    this.#view = new DataView(bytes.buffer);
  }

  u16(...values: number[]): this {
    for (const value of values) {
      this.#view.setUint16(this.at, value, true);
      this.at += 2;
    }
    return this;
  }

  u32(...values: number[]): this {
    for (const value of values) {
      this.#view.setUint32(this.at, value, true);
      this.at += 4;
    }
    return this;
  }

  raw(data: Uint8Array): this {
    this.bytes.set(data, this.at);
    this.at += data.length;
    return this;
  }
}

/** Version to extract, flags, method, time, date, checksum, sizes. */
function common(fields: Fields, { crc, data }: Placed): Fields {
  return fields.u16(20, FLAGS, 0, 0, DATE).u32(crc, data.length, data.length);
}

function writeEntry(bytes: Uint8Array<ArrayBuffer>, placed: Placed): void {
  const { name, data, header, extra } = placed;
  const fields = common(new Fields(bytes, header).u32(0x04034b50), placed);
  fields.u16(name.length, extra).raw(name).u16(PADDING, extra - 4);
  bytes.fill(0x5a, fields.at, fields.at + extra - 4);
  fields.at += extra - 4;
  fields.raw(data);
}

function writeDirectory(fields: Fields, placed: readonly Placed[]): void {
  const begin = fields.at;
  for (const entry of placed) {
    common(fields.u32(0x02014b50).u16(20), entry);
    fields.u16(entry.name.length, 0, 0, 0, 0).u32(0, entry.header).raw(entry.name);
  }
  const size = fields.at - begin;
  fields.u32(0x06054b50).u16(0, 0, placed.length, placed.length).u32(size, begin).u16(0);
}

/**
 * The bytes of a zip archive with its entries stored, not packed, each aligned to 64 bytes.
 *
 * @param entries contents by path, in the order they are written
 * @throws {FormatError} where the archive would be larger than 4 GiB or has 65,535 entries or more
 */
export function writeZip(entries: ReadonlyMap<string, Uint8Array>): Uint8Array<ArrayBuffer> {
  const placed = place(entries);
  const last = placed.at(-1);
  const begin = last
    ? last.header + HEADER_SIZE + last.name.length + last.extra + last.data.length
    : 0;
  const size = placed.reduce((sum, { name }) => sum + ENTRY_SIZE + name.length, begin + END_SIZE);
  if (size > LARGEST || placed.length >= 0xffff) {
    throw new FormatError(
      `the archive would have ${size} bytes in ${placed.length} entries; at most ${LARGEST} bytes and 65534 entries are written; use safetensors`,
    );
  }
  const bytes = new Uint8Array(size);
  for (const entry of placed) writeEntry(bytes, entry);
  writeDirectory(new Fields(bytes, begin), placed);
  return bytes;
}
