import { crc32 } from "../crc32.ts";
import {
  ARRAY_TYPES,
  CHECKSUM,
  elementCount,
  SafetensorsError,
  type SafetensorsTensor,
} from "./safetensors_dtype.ts";

function check(name: string, tensor: SafetensorsTensor): void {
  if (name === "__metadata__") {
    throw new SafetensorsError("a tensor cannot be named __metadata__");
  }
  const ArrayType = ARRAY_TYPES[tensor.dtype];
  if (!(tensor.data instanceof ArrayType)) {
    throw new SafetensorsError(`tensor ${name}: ${tensor.dtype} needs a ${ArrayType.name}`);
  }
  if (elementCount(tensor.shape) !== tensor.data.length) {
    throw new SafetensorsError(
      `tensor ${name}: shape [${tensor.shape}] does not have ${tensor.data.length} elements`,
    );
  }
}

/** Largest elements first, so that every tensor starts at a multiple of its element size. */
function ordered(tensors: ReadonlyMap<string, SafetensorsTensor>): [string, SafetensorsTensor][] {
  return [...tensors].sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
}

/** How the header begins; the checksum's eight digits follow. */
const START = `{"__metadata__":{"${CHECKSUM}":"`;
/** The checksum before the data have been gone through. */
const UNKNOWN_SUM = "0".repeat(8);

/** The header. Its members are put together one by one: an object would put names that are numbers first. */
function headerJson(
  entries: readonly [string, SafetensorsTensor][],
  metadata: Readonly<Record<string, string>>,
): string {
  const member = ([name, value]: [string, unknown]) =>
    `,${JSON.stringify(name)}:${JSON.stringify(value)}`;
  const texts = Object.entries(metadata).filter(([name]) => name !== CHECKSUM).map(member);
  let end = 0;
  const tensors = entries.map(([name, { dtype, shape, data }]) => {
    const begin = end;
    end += data.byteLength;
    return member([name, { dtype, shape, data_offsets: [begin, end] }]);
  });
  return `${START}${UNKNOWN_SUM}"${texts.join("")}}${tensors.join("")}}`;
}

/**
 * The bytes of a safetensors file. The same tensors and metadata give the same bytes. The metadata carries a checksum of
 * the data beside its own entries, `data_crc32`.
 *
 * @param tensors the tensors by name
 * @param metadata texts for the header's `__metadata__`
 * @throws {SafetensorsError} where a tensor's data does not fit its dtype or its shape
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const entries = ordered(tensors);
  for (const [name, tensor] of entries) check(name, tensor);
  const json = new TextEncoder().encode(headerJson(entries, metadata));
  const length = Math.ceil(json.length / 8) * 8;
  const size = entries.reduce((sum, [, { data }]) => sum + data.byteLength, 0);
  const bytes = new Uint8Array(8 + length + size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.fill(0x20, 8, 8 + length);
  bytes.set(json, 8);
  let offset = 8 + length;
  let sum = 0;
  for (const [, { data }] of entries) {
    const part = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    bytes.set(part, offset);
    sum = crc32(part, sum);
    offset += part.length;
  }
  const digits = sum.toString(16).padStart(UNKNOWN_SUM.length, "0");
  bytes.set(new TextEncoder().encode(digits), 8 + START.length);
  return bytes;
}
