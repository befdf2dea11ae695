import type { Tensor } from "../tensor/tensor.ts";

/** Divides by the length along the last dimension, at least 1e-12. PyTorch: `torch.nn.functional.normalize`. */
export function normalize(x: Tensor): Tensor {
  // Squares are clamped, so that the gradient of the root exists at zero.
  return x.div(x.pow(2).sum({ dims: -1, keepDims: true }).clamp(1e-24, Infinity).sqrt());
}
