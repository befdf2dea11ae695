import addInPlaceCode from "../../../kernels/elementwise/add_in_place.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import type { Tensor } from "../../tensor/core.ts";
import { bytesOf, wgslFloat } from "../../tensor/dtype.ts";
import { formatShape, sameShape } from "../../tensor/shape.ts";
import { traceWrite } from "../../tensor/trace.ts";
import { plus } from "./binary.ts";
import { elementwiseGrid } from "../grid.ts";
import { requireFloats } from "../require_dtype.ts";

const addInPlaceKernel = new Kernel("add_in_place", addInPlaceCode);

/**
 * `target += other`, outside of the tape. PyTorch: `Tensor.add_`.
 *
 * @throws TypeError unless both are float32 or both float16; RangeError when the shapes differ.
 */
export function addInPlace(target: Tensor, other: Tensor): void {
  requireFloats("addInPlace", target, other);
  if (!sameShape(target.shape, other.shape)) {
    throw new RangeError(
      `addInPlace() of shape ${formatShape(other.shape)} to ${formatShape(target.shape)}; ` +
        "the shapes must be the same",
    );
  }
  const { gpu, storage } = target;
  traceWrite(storage, null);
  if (storage.buffer === other.storage.buffer) {
    // A kernel may not read and write one buffer through two bindings.
    const total = plus(target, other);
    gpu.copy(total.storage, storage, bytesOf(target.dtype, target.numel));
    total.dispose();
    return;
  }
  const bindings = { sum: storage, other };
  gpu.dispatch(addInPlaceKernel, {
    bindings,
    values: { E: wgslFloat(target.dtype) },
    workgroups: elementwiseGrid(target.numel),
  });
}
