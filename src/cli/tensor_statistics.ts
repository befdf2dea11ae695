import type { SafetensorsTensor } from "../formats/safetensors.ts";
import { isFloat } from "../formats/safetensors_dtype.ts";
import { toFloat32 } from "../formats/safetensors.ts";

/** What `inspect --stats` says of a tensor; NaN and infinities are counted and left out of the rest. */
export interface TensorStatistics {
  /** Smallest number, or null where there is none. */
  readonly min: number | null;
  /** Largest. */
  readonly max: number | null;
  /** Mean. */
  readonly mean: number | null;
  /** Standard deviation over all numbers (divided by their count). */
  readonly std: number | null;
  /** Numbers that are NaN or infinite. */
  readonly notFinite: number;
}

/** Smallest, largest, mean and deviation of a tensor's numbers. */
export function tensorStatistics(tensor: SafetensorsTensor): TensorStatistics {
  const values = tensor.dtype === "F64"
    ? tensor.data as Float64Array
    : isFloat(tensor.dtype)
    ? toFloat32(tensor)
    : Float64Array.from(tensor.data as Iterable<number | bigint>, Number);
  let [min, max, sum, count] = [Infinity, -Infinity, 0, 0];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
    count++;
  }
  const notFinite = values.length - count;
  if (count === 0) return { min: null, max: null, mean: null, std: null, notFinite };
  const mean = sum / count;
  let squares = 0;
  for (const value of values) if (Number.isFinite(value)) squares += (value - mean) ** 2;
  return { min, max, mean, std: Math.sqrt(squares / count), notFinite };
}
