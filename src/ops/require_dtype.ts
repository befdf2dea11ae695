import type { Tensor } from "../tensor/core.ts";
import { isFloat } from "../tensor/dtype.ts";

/** @throws TypeError naming the op and the dtype when a tensor is not float32. */
export function requireFloat(op: string, ...tensors: readonly Tensor[]): void {
  for (const { dtype } of tensors) {
    if (dtype === "float32") continue;
    const help = dtype === "float16" ? '; use to("float32")' : "";
    throw new TypeError(`${op}() wants float32 tensors, not ${dtype}${help}`);
  }
}

/** @throws TypeError naming the op and the dtypes when the tensors are not all float32 or all float16. */
export function requireFloats(op: string, ...tensors: readonly Tensor[]): void {
  for (const { dtype } of tensors) {
    if (!isFloat(dtype)) {
      throw new TypeError(`${op}() wants float32 tensors, not ${dtype}`);
    }
    if (dtype !== tensors[0].dtype) {
      throw new TypeError(`${op}() of ${tensors[0].dtype} and ${dtype}; use to() for one dtype`);
    }
  }
}

/** @throws TypeError naming the op and the dtype when a tensor of indices is not of integers. */
export function requireIndex(op: string, index: Tensor): void {
  if (isFloat(index.dtype)) {
    throw new TypeError(`${op}() wants an index of int32 or uint32, not ${index.dtype}`);
  }
}
