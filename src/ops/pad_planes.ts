import padCode from "../../kernels/index/pad.wgsl" with { type: "text" };
import { Kernel } from "../gpu/kernel.ts";
import { wordType } from "../tensor/dtype.ts";
import { numel, type Shape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { linearGrid } from "./grid.ts";

const padKernel = new Kernel("pad", padCode);

/** Elements put before and after the last dimension and the one before it; negative ones crop. */
export type Padding = readonly [left: number, right: number, top: number, bottom: number];

/**
 * `x`, seen as planes of [height, width], with `value` around each plane, off the tape.
 *
 * @param shape shape of the result, with as many elements as the padded planes.
 * @param value a float32; 0 fits every dtype.
 */
export function padPlanes(
  x: Tensor,
  plane: readonly [height: number, width: number],
  padding: Padding,
  value: number,
  shape: Shape,
): Tensor {
  const [height, width] = plane;
  const [left, right, top, bottom] = padding;
  const y = Tensor.result(x.gpu, shape, x.dtype);
  const total = numel(shape);
  const [bits] = new Uint32Array(new Float32Array([value]).buffer);
  x.gpu.dispatch(padKernel, {
    bindings: { x, y },
    params: {
      total,
      height,
      width,
      yHeight: height + top + bottom,
      yWidth: width + left + right,
      top,
      left,
      value: bits,
    },
    values: { T: wordType(x.dtype, 1), HALF: x.dtype === "float16" },
    workgroups: linearGrid(Math.ceil(total / 256)),
  });
  return y;
}
