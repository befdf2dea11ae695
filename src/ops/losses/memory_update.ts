import code from "../../../kernels/contrast/update.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import type { Tensor } from "../../tensor/core.ts";
import { requireFloat } from "../require_dtype.ts";

const updateKernel = new Kernel("memory_update", code);

/**
 * Moves the rows `index` of a memory towards `v` and makes them unit vectors, in place and outside of the tape:
 * `m = momentum * row + (1 - momentum) * v`, then `m / |m|`. Of samples with the same row the last counts. Source:
 * mdistiller's `ContrastMemory`.
 *
 * @param memory float32 `[rows, dim]`
 * @param index int32 `[samples]`
 * @param v float32 `[samples, dim]`
 */
export function memoryUpdate(memory: Tensor, index: Tensor, v: Tensor, momentum: number): void {
  requireFloat("memoryUpdate", memory, v);
  const [samples, dim] = v.shape;
  memory.gpu.dispatch(updateKernel, {
    bindings: { v, index, memory },
    params: { samples, dim, momentum },
    workgroups: [samples],
  });
}
