import { SafetensorsError, type SafetensorsTensor } from "./safetensors_dtype.ts";

function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function bfloatToFloat(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i] << 16;
  return new Float32Array(words.buffer);
}

/**
 * The numbers of a floating-point tensor (F64, F32, F16, BF16) as float32; an F32 tensor's own array.
 *
 * @throws {SafetensorsError} where the tensor holds integers
 */
export function toFloat32(tensor: SafetensorsTensor): Float32Array {
  switch (tensor.dtype) {
    case "F32":
      return tensor.data as Float32Array;
    case "F64":
      return new Float32Array(tensor.data as Float64Array);
    case "F16":
      return Float32Array.from(tensor.data as Uint16Array, halfToFloat);
    case "BF16":
      return bfloatToFloat(tensor.data as Uint16Array);
    default:
      throw new SafetensorsError(
        `a tensor of ${tensor.dtype} is not floating-point; wanted F64, F32, F16 or BF16`,
      );
  }
}
