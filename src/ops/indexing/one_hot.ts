import oneHotCode from "../../../kernels/index/one_hot.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { traceOp } from "../../tensor/trace.ts";
import { linearGrid } from "../grid.ts";
import { requireIndex } from "../require_dtype.ts";
import { requireIndices } from "./require_indices.ts";

const oneHotKernel = new Kernel("one_hot", oneHotCode);

/**
 * float32 `[..., classes]` with 1 at the index and 0 elsewhere.
 * PyTorch: `torch.nn.functional.one_hot`.
 *
 * @param index int32 or uint32 of any shape.
 * @throws TypeError when the index is not of integers; RangeError when `classes` is not 1 or more or an index is out of
 * range, which `data()` throws where the index was computed on the device.
 */
export function oneHot(index: Tensor, classes: number): Tensor {
  requireIndex("oneHot", index);
  if (!Number.isInteger(classes) || classes < 1) {
    throw new RangeError(`oneHot() of ${classes} classes; a whole number from 1 is wanted`);
  }
  requireIndices(index, { use: "oneHot() of an index", size: classes });
  const y = Tensor.result(index.gpu, [...index.shape, classes]);
  index.gpu.dispatch(oneHotKernel, {
    bindings: { index, y },
    params: { classes },
    workgroups: linearGrid(Math.ceil(y.numel / 256)),
  });
  traceOp("one_hot", [index], [y], { classes });
  return y;
}
