import {
  isFloat,
  SafetensorsError,
  type SafetensorsTensor,
} from "./safetensors/safetensors_dtype.ts";
import { toFloat32 } from "./to_float32.ts";

/** Numbers of a tensor in the types that the device holds. */
export interface StateNumbers {
  /** Sizes, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  /** The numbers in row-major order. */
  readonly data: Float32Array | Int32Array;
}

/**
 * The tensors of a file as `Module.loadStateDict` takes them: floating-point ones as float32, integers (such as
 * batch normalisation's counters) as int32.
 *
 * @throws {SafetensorsError} where an integer does not fit into 32 bits
 */
export function stateEntries(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
): Map<string, StateNumbers> {
  return new Map([...tensors].map(([name, tensor]) => {
    const { shape, dtype } = tensor;
    const data = isFloat(dtype) ? toFloat32(tensor) : toInt32(name, tensor);
    return [name, { shape, data }];
  }));
}

function toInt32(name: string, { data }: SafetensorsTensor): Int32Array {
  return Int32Array.from(data as Iterable<number | bigint>, (value) => {
    const number = Number(value);
    if (number !== (number | 0)) {
      throw new SafetensorsError(`tensor ${name} holds ${value}, which does not fit into int32`);
    }
    return number;
  });
}
