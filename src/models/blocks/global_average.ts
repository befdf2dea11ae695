import { adaptiveAvgPool2d } from "../../ops/pool/adaptive_avg_pool2d.ts";
import { reshape } from "../../ops/shape/reshape.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** Means over space: [N, C, H, W] to [N, C]. */
export function globalAverage(x: Tensor): Tensor {
  return reshape(adaptiveAvgPool2d(x, 1), [x.shape[0], x.shape[1]]);
}
