import type { SafetensorsTensor } from "./safetensors_dtype.ts";

/** Integers as PyTorch keeps its counters, in 64 bits. */
export function int64Tensor(
  shape: readonly number[],
  data: Int32Array | Uint32Array,
): SafetensorsTensor {
  return { dtype: "I64", shape: [...shape], data: BigInt64Array.from(data, BigInt) };
}
