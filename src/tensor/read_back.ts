import type { Tensor } from "./tensor.ts";

/** Numbers on the host, ready for a file. */
export interface HostTensor {
  /** Sizes, outermost first. */
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array | Int32Array | Uint32Array;
}

/** Reads tensors back from the device, all at once. */
export async function readBack(
  tensors: ReadonlyMap<string, Tensor>,
): Promise<Map<string, HostTensor>> {
  const entries = [...tensors];
  const data = await Promise.all(entries.map(([, tensor]) => tensor.data()));
  return new Map(entries.map(([name, { shape }], i) => [name, { shape, data: data[i] }]));
}
