import { UserError } from "../../errors.ts";
/** The storage of a tensor in a safetensors file; F16, BF16 and the types of 8 bits are kept as their bits. */
export type SafetensorsData =
  | Float64Array
  | Float32Array
  | Uint32Array
  | Int32Array
  | Uint16Array
  | Int16Array
  | Uint8Array
  | Int8Array
  | BigUint64Array
  | BigInt64Array;

interface ArrayType {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, byteOffset?: number, length?: number): SafetensorsData;
}

/** A dtype by its name in the file. */
export type SafetensorsDtype =
  | "F64"
  | "F32"
  | "F16"
  | "BF16"
  | "F8_E4M3"
  | "F8_E5M2"
  | "F8_E4M3FNUZ"
  | "F8_E5M2FNUZ"
  | "F8_E8M0"
  | "I64"
  | "U64"
  | "I32"
  | "U32"
  | "I16"
  | "U16"
  | "I8"
  | "U8"
  | "BOOL";

/** The array that holds each safetensors dtype. */
export const ARRAY_TYPES = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  F8_E4M3: Uint8Array,
  F8_E5M2: Uint8Array,
  F8_E4M3FNUZ: Uint8Array,
  F8_E5M2FNUZ: Uint8Array,
  F8_E8M0: Uint8Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  I32: Int32Array,
  U32: Uint32Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const satisfies Record<SafetensorsDtype, ArrayType>;

/** One tensor of a safetensors file. */
export interface SafetensorsTensor {
  /** Type of the numbers. */
  readonly dtype: SafetensorsDtype;
  /** Sizes, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  /** The numbers in row-major order. */
  readonly data: SafetensorsData;
}

/** What a safetensors file holds. */
export interface Safetensors {
  /** The tensors by name, in the header's order. */
  readonly tensors: Map<string, SafetensorsTensor>;
  /** The header's `__metadata__`, without the checksum. */
  readonly metadata: Record<string, string>;
  /** Tensors that are not read, complex ones and numbers of less than 8 bits, with their types. */
  readonly unread: ReadonlyMap<string, string>;
}

/** A malformed safetensors file, or tensors that cannot be written as one. */
export class SafetensorsError extends UserError {
  /** Always `SafetensorsError`. */
  override readonly name = "SafetensorsError";
}

/** The entry of the metadata that holds the CRC-32 of all data, in eight hexadecimal digits. */
export const CHECKSUM = "data_crc32";

/** Whether a type is a floating-point one. */
export function isFloat(dtype: SafetensorsDtype): boolean {
  return dtype.startsWith("F") || dtype === "BF16";
}

/** Most dimensions of a tensor; PyTorch's and NumPy's own limit. */
export const MOST_DIMENSIONS = 64;

/** How many elements a shape has, or NaN where it is not a list of at most {@linkcode MOST_DIMENSIONS} sizes. */
export function elementCount(shape: unknown): number {
  if (!Array.isArray(shape) || shape.length > MOST_DIMENSIONS) return NaN;
  let count = 1;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) return NaN;
    count *= size;
  }
  return Number.isSafeInteger(count) ? count : NaN;
}
