import { autocastInput } from "../../tensor/autocast.ts";
import type { Tensor } from "../../tensor/core.ts";
import { softmaxRows } from "./softmax_rows.ts";

/**
 * `exp(x) / sum(exp(x))` along a dimension, safe for large `x`. PyTorch: `torch.softmax(x, dim)`.
 *
 * @param x float32, any shape
 * @param dim default: the last
 * @throws RangeError when the dimension is out of range, TypeError for integers.
 */
export function softmax(x: Tensor, dim = -1): Tensor {
  return softmaxRows(autocastInput("softmax", x), dim, false);
}

/**
 * Logarithm of the soft-max along a dimension, safe for large `x`.
 * PyTorch: `torch.log_softmax(x, dim)`.
 *
 * @param x float32, any shape
 * @param dim default: the last
 * @throws RangeError when the dimension is out of range, TypeError for integers.
 */
export function logSoftmax(x: Tensor, dim = -1): Tensor {
  return softmaxRows(autocastInput("logSoftmax", x), dim, true);
}
