import type { Tensor } from "../tensor/tensor.ts";
import { rootOfSquares } from "./root_of_squares.ts";
import { variance, type VarianceOptions } from "./variance.ts";

/**
 * Standard deviation over dimensions: the root of {@linkcode variance}, with no gradient where it is 0.
 * PyTorch: `torch.std(x, dims, correction=1, keepdim)`.
 *
 * @param x float32, any shape
 * @throws RangeError when a dimension is out of range or named twice, TypeError for integers.
 */
export function std(x: Tensor, options: VarianceOptions = {}): Tensor {
  return rootOfSquares(variance(x, options));
}
