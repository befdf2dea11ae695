import code from "../../../kernels/eigh/best_match.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { linearGrid } from "../grid.ts";

const bestMatchKernel = new Kernel("best_match", code);

/**
 * The sign of every column's number of the largest magnitude in its place, and 0 elsewhere: a matrix that picks and turns
 * what fits a column best. Outside of the tape. Source: mdistiller's `align_rsv` in `KDSVD.py`.
 *
 * @param cosines float32 [N, rows, columns]
 * @returns the same shape
 */
export function bestMatch(cosines: Tensor): Tensor {
  const [count, rows, columns] = cosines.shape;
  const mask = Tensor.result(cosines.gpu, cosines.shape);
  cosines.gpu.dispatch(bestMatchKernel, {
    bindings: { x: cosines, mask },
    params: { count, rows, columns },
    workgroups: linearGrid(Math.ceil(count * columns / 64)),
  });
  return mask;
}
