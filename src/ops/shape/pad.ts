import padCode from "../../../kernels/index/pad.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { track } from "../../tensor/autograd.ts";
import { Tensor } from "../../tensor/core.ts";
import { wordType } from "../../tensor/dtype.ts";
import { formatShape, numel, type Shape } from "../../tensor/shape.ts";
import { linearGrid } from "../grid.ts";
import { requireFloats } from "../require_dtype.ts";

const padKernel = new Kernel("pad", padCode);

/**
 * `x` with `value` around its last two dimensions. PyTorch: `torch.nn.functional.pad`.
 *
 * @param padding [left, right, top, bottom] in elements; negative ones crop.
 * @param value default 0.
 * @throws RangeError for fewer than two dimensions, fractions, or when nothing is left.
 */
export function pad(x: Tensor, padding: Padding, value: number = 0): Tensor {
  requireFloats("pad", x);
  const [left, right, top, bottom] = padding;
  const [height, width] = x.shape.slice(-2);
  const [yHeight, yWidth] = [height + top + bottom, width + left + right];
  const fits = padding.length === 4 && padding.every(Number.isInteger) && yHeight > 0 && yWidth > 0;
  if (x.ndim < 2 || !fits) {
    throw new RangeError(
      `pad() of shape ${formatShape(x.shape)} by ${
        formatShape(padding)
      }; wanted are at least two ` +
        "dimensions and [left, right, top, bottom] that leave at least one element",
    );
  }
  const shape = [...x.shape.slice(0, -2), yHeight, yWidth];
  const y = padPlanes(x, [height, width], padding, value, shape);
  return track(["pad", { padding, value }], [x], y, (dy) => [
    padPlanes(dy, [yHeight, yWidth], [-left, -right, -top, -bottom], 0, x.shape),
  ]);
}

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
