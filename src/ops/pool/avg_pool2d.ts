import type { Tensor } from "../../tensor/core.ts";
import { checkOptions } from "../../options.ts";
import { mean } from "../reduce/sum.ts";
import { requireFloats } from "../require_dtype.ts";
import { averageWindows } from "./average.ts";
import { POOL_OPTIONS, poolGeometry, type PoolOptions } from "./geometry.ts";

/** Options of {@linkcode avgPool2d}. */
export interface AvgPoolOptions extends PoolOptions {
  /** Whether the padding counts as zeros; otherwise it is left out of the means. Default true. */
  countIncludePad?: boolean;
}

/**
 * Mean of every window; windows may overlap. PyTorch: `torch.nn.functional.avg_pool2d`.
 *
 * @param x float32 or float16 [N, C, H, W]
 * @returns [N, C, H', W'], H' = floor((H + 2 padding - kernelSize) / stride) + 1
 * @throws RangeError when shape and options do not fit, TypeError for integers.
 */
export function avgPool2d(x: Tensor, options: AvgPoolOptions): Tensor {
  checkOptions<AvgPoolOptions>("avgPool2d()", options, { ...POOL_OPTIONS, countIncludePad: true });
  requireFloats("avgPool2d", x);
  const { planes: _, ...g } = poolGeometry("avgPool2d", x.shape, options);
  const whole = g.kernelY === g.height && g.kernelX === g.width && g.padY === 0 && g.padX === 0;
  if (whole) return mean(x, { dims: [2, 3], keepDims: true });
  const wholeWindow = Number(options.countIncludePad ?? true);
  return averageWindows("avg_pool2d", x, { ...g, wholeWindow }, options.ceilMode);
}
