import { type SafetensorsTensor, toFloat32 } from "../formats/safetensors.ts";
import type { StateEntry } from "../nn/module.ts";

/** A checkpoint's tensor as a module loads it: integers, such as `num_batches_tracked`, stay integers. */
export function stateEntry(tensor: SafetensorsTensor): StateEntry {
  const { dtype, shape, data } = tensor;
  switch (dtype) {
    case "I64":
    case "U64":
      return { shape, data: Int32Array.from(data as BigInt64Array, Number) };
    case "I32":
    case "U32":
    case "I16":
    case "U16":
    case "I8":
    case "U8":
      return { shape, data: Int32Array.from(data as Int32Array) };
    default:
      return { shape, data: toFloat32(tensor) };
  }
}
