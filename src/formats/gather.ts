import type { SafetensorsData } from "./safetensors/safetensors_dtype.ts";

/** Where a tensor's numbers lie among those of its storage. */
export interface TensorView {
  /** Of its first number. */
  readonly offset: number;
  /** Sizes, outermost first. */
  readonly shape: readonly number[];
  /** Numbers between neighbours along each dimension. */
  readonly stride: readonly number[];
}

/** Copies the numbers of a strided view in row-major order. */
export function gather(from: SafetensorsData, view: TensorView, count: number): SafetensorsData {
  const { shape, stride, offset } = view;
  const result = new (from.constructor as new (count: number) => SafetensorsData)(count);
  const index = shape.map(() => 0);
  let at = offset;
  for (let i = 0; i < count; i++) {
    result[i] = from[at];
    for (let d = shape.length - 1; d >= 0; d--) {
      at += stride[d];
      if (++index[d] < shape[d]) break;
      at -= stride[d] * shape[d];
      index[d] = 0;
    }
  }
  return result;
}

/** A copy with the bytes of every number in reverse: big-endian numbers in little-endian order. */
export function swapped(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const result = bytes.slice();
  for (let at = 0; at + size <= bytes.length; at += size) {
    for (let i = 0; i < size; i++) result[at + i] = bytes[at + size - 1 - i];
  }
  return result;
}
