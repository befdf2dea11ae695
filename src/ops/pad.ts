import { track } from "../tensor/autograd.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Padding, padPlanes } from "./pad_planes.ts";
import { requireFloats } from "./require_dtype.ts";

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
  return track("pad", [x], y, (dy) => [
    padPlanes(dy, [yHeight, yWidth], [-left, -right, -top, -bottom], 0, x.shape),
  ]);
}
