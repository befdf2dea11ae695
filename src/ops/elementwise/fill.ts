import fillCode from "../../../kernels/elementwise/fill.wgsl" with { type: "text" };
import type { Gpu } from "../../gpu/gpu.ts";
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { deviceArray, type DType } from "../../tensor/dtype.ts";
import type { Shape } from "../../tensor/shape.ts";
import { registerResult } from "../../tensor/scope.ts";
import { Storage } from "../../tensor/storage.ts";
import { traceWrite } from "../../tensor/trace.ts";
import { elementwiseGrid } from "../grid.ts";

const fillKernel = new Kernel("fill", fillCode);

/** Sets `count` elements to `value`, in place. */
export function fill(storage: Storage, count: number, value: number, dtype: DType): void {
  traceWrite(storage, value);
  const word = deviceArray([value, value], dtype);
  const [bits] = new Uint32Array(word.buffer);
  storage.gpu.dispatch(fillKernel, {
    bindings: { y: storage },
    params: { bits },
    workgroups: elementwiseGrid(count),
  });
}

/** A new tensor of one value, a result of an op. */
export function filled(gpu: Gpu, shape: Shape, value: number, dtype: DType = "float32"): Tensor {
  const y = Tensor.result(gpu, shape, dtype);
  fill(y.storage, y.numel, value, dtype);
  return y;
}

/**
 * A number that stays as it is. In a recording it is written once, beside what is replayed, and the ops know it.
 *
 * @param shape of one element; default []
 */
export function constantNumber(gpu: Gpu, value: number, shape: Shape = []): Tensor {
  if (!gpu.recording || gpu.dry) return filled(gpu, shape, value);
  const y = Tensor.created(Storage.forUpload(gpu, 4), shape);
  registerResult(y);
  gpu.aside(() => fill(y.storage, 1, value, "float32"));
  y.known = Math.fround(value);
  return y;
}
