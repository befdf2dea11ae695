import code from "../../../kernels/cka/block_square_sum.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { linearGrid } from "../grid.ts";

const blockSquareSumKernel = new Kernel("block_square_sum", code);

/**
 * Sum of squares of every `size` x `size` block of a matrix: `[rows size, columns size]` to `[rows, columns]`.
 * Outside of the tape.
 */
export function blockSquareSum(x: Tensor, size: number): Tensor {
  const [rows, columns] = x.shape.map((side) => side / size);
  const y = Tensor.result(x.gpu, [rows, columns]);
  x.gpu.dispatch(blockSquareSumKernel, {
    bindings: { x, y },
    params: { rows, columns, size },
    workgroups: linearGrid(Math.ceil(rows * columns / 8)),
  });
  return y;
}
