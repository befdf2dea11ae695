import { isFloat, type SafetensorsTensor } from "./safetensors/safetensors_dtype.ts";
import { toFloat32 } from "./to_float32.ts";

/** Floating-point types that tensors are cast to. */
export type FloatDtype = "F32" | "F16" | "BF16";

/** The upper half of a float32, rounded to nearest, ties to even. */
function bfloat(bits: number): number {
  const isNaN = (bits & 0x7fffffff) > 0x7f800000;
  return isNaN ? (bits >>> 16) | 0x40 : (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

/** A floating-point tensor in another precision, rounded to nearest; any other tensor as it is. */
export function castTensor(tensor: SafetensorsTensor, dtype: FloatDtype): SafetensorsTensor {
  if (!isFloat(tensor.dtype) || tensor.dtype === dtype) return tensor;
  const { shape } = tensor;
  const floats = toFloat32(tensor);
  if (dtype === "F32") return { dtype, shape, data: floats };
  if (dtype === "F16") {
    return { dtype, shape, data: new Uint16Array(Float16Array.from(floats).buffer) };
  }
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  return { dtype, shape, data: Uint16Array.from(bits, bfloat) };
}

/** Integers as PyTorch keeps its counters, in 64 bits. */
export function int64Tensor(
  shape: readonly number[],
  data: Int32Array | Uint32Array,
): SafetensorsTensor {
  return { dtype: "I64", shape: [...shape], data: BigInt64Array.from(data, BigInt) };
}
