import type { Tensor } from "../tensor/tensor.ts";
import { normalize } from "./features.ts";

/**
 * The squared difference of how alike the samples of a batch are, `[N, N]` products of their features with rows of length
 * 1, over N^2. Source: Tung and Mori, 2019, mdistiller's `similarity_loss`.
 */
export function similarityLoss(student: Tensor, teacher: Tensor): Tensor {
  const alike = (x: Tensor) => {
    const rows = x.flatten(1);
    return normalize(rows.matmul(rows, { transposeB: true }));
  };
  return alike(teacher).sub(alike(student)).pow(2).mean();
}
