import type { Tensor } from "../tensor/tensor.ts";

/** @throws TypeError naming the op and the dtype when a tensor is not float32. */
export function requireFloat(op: string, ...tensors: readonly Tensor[]): void {
  for (const { dtype } of tensors) {
    if (dtype !== "float32") throw new TypeError(`${op}() wants float32 tensors, not ${dtype}`);
  }
}

/** @throws TypeError naming the op and the dtype when a tensor of indices is not of integers. */
export function requireIndex(op: string, index: Tensor): void {
  if (index.dtype === "float32") {
    throw new TypeError(`${op}() wants an index of int32 or uint32, not ${index.dtype}`);
  }
}
