import type { Tensor } from "../../tensor/core.ts";
import { mean } from "../reduce/sum.ts";
import { requireFloats } from "../require_dtype.ts";
import { averageWindows } from "./average.ts";
import { avgPool2d } from "./avg_pool2d.ts";
import { pair, planeSize } from "./geometry.ts";

/**
 * Means over windows that cut the plane into `outputSize` parts, as even as they can be.
 * PyTorch: `torch.nn.functional.adaptive_avg_pool2d`.
 *
 * @param x float32 or float16 [N, C, H, W]
 * @param outputSize a number for both directions, or `[vertical, horizontal]`
 * @returns [N, C, ...outputSize]
 * @throws RangeError when shape or size do not fit, TypeError for integers.
 */
export function adaptiveAvgPool2d(
  x: Tensor,
  outputSize: number | readonly [number, number],
): Tensor {
  requireFloats("adaptiveAvgPool2d", x);
  const [height, width] = planeSize("adaptiveAvgPool2d", x.shape);
  const [outHeight, outWidth] = pair(outputSize);
  if (![outHeight, outWidth].every((n) => Number.isInteger(n) && n >= 1)) {
    throw new RangeError(
      `adaptiveAvgPool2d() to [${outHeight}, ${outWidth}]: positive integers wanted`,
    );
  }
  if (outHeight === 1 && outWidth === 1) return mean(x, { dims: [2, 3], keepDims: true });
  if (height % outHeight === 0 && width % outWidth === 0) {
    return avgPool2d(x, { kernelSize: [height / outHeight, width / outWidth] });
  }
  return averageWindows("adaptive_avg_pool2d", x, { outHeight, outWidth });
}
