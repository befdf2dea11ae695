import { SafetensorsError, type SafetensorsTensor } from "./safetensors/safetensors_dtype.ts";

/** The float16 numbers that words of 16 bits are. */
function halves(bits: Uint16Array): Float16Array {
  return new Float16Array(bits.buffer, bits.byteOffset, bits.length);
}

/** How a number of 8 bits is built. */
interface Float8 {
  /** Bits of the fraction. */
  readonly fraction: number;
  /** Bias of the exponent. */
  readonly bias: number;
  /** The number itself where the bits do not follow the rule. */
  special(bits: number): number | undefined;
}

const NEGATIVE_ZERO_IS_NAN = (bits: number) => bits === 0x80 ? NaN : undefined;

/** PyTorch: `c10/util/Float8_*.h`. */
const FLOAT8: Readonly<Record<string, Float8>> = {
  F8_E4M3: { fraction: 3, bias: 7, special: (bits) => (bits & 0x7f) === 0x7f ? NaN : undefined },
  F8_E5M2: {
    fraction: 2,
    bias: 15,
    special: (bits) => (bits & 0x7c) === 0x7c ? halves(Uint16Array.of(bits << 8))[0] : undefined,
  },
  F8_E4M3FNUZ: { fraction: 3, bias: 8, special: NEGATIVE_ZERO_IS_NAN },
  F8_E5M2FNUZ: { fraction: 2, bias: 16, special: NEGATIVE_ZERO_IS_NAN },
  F8_E8M0: { fraction: 0, bias: 127, special: (bits) => bits === 255 ? NaN : 2 ** (bits - 127) },
};

function float8ToFloat(bits: number, { fraction, bias, special }: Float8): number {
  const known = special(bits);
  if (known !== undefined) return known;
  const sign = bits & 0x80 ? -1 : 1;
  const exponent = (bits & 0x7f) >>> fraction;
  const rest = (bits & ((1 << fraction) - 1)) / (1 << fraction);
  return sign * (exponent === 0 ? rest * 2 ** (1 - bias) : (1 + rest) * 2 ** (exponent - bias));
}

function bfloatToFloat(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i] << 16;
  return new Float32Array(words.buffer);
}

/**
 * The numbers of a floating-point tensor (F64, F32, F16, BF16, F8) as float32; an F32 tensor's own array.
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
      return new Float32Array(halves(tensor.data as Uint16Array));
    case "BF16":
      return bfloatToFloat(tensor.data as Uint16Array);
    case "F8_E4M3":
    case "F8_E5M2":
    case "F8_E4M3FNUZ":
    case "F8_E5M2FNUZ":
    case "F8_E8M0": {
      const table = Array.from({ length: 256 }, (_, i) => float8ToFloat(i, FLOAT8[tensor.dtype]));
      return Float32Array.from(tensor.data as Uint8Array, (bits) => table[bits]);
    }
    default:
      throw new SafetensorsError(
        `a tensor of ${tensor.dtype} is not floating-point; wanted F64, F32, F16, BF16 or F8`,
      );
  }
}
