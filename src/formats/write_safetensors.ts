import {
  ARRAY_TYPES,
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

/**
 * The bytes of a safetensors file. The same tensors and metadata give the same bytes.
 *
 * @param tensors the tensors by name
 * @param metadata texts for the header's `__metadata__`
 * @throws {SafetensorsError} where a tensor's data does not fit its dtype or its shape
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  // Without a prototype a tensor may have any name, `__proto__` too.
  const header: Record<string, unknown> = Object.create(null);
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  const entries = ordered(tensors);
  let size = 0;
  for (const [name, tensor] of entries) {
    check(name, tensor);
    const end = size + tensor.data.byteLength;
    header[name] = { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [size, end] };
    size = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length + size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.fill(0x20, 8, 8 + length);
  bytes.set(json, 8);
  let offset = 8 + length;
  for (const [, { data }] of entries) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return bytes;
}
