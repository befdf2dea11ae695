import type { Tensor } from "../tensor/tensor.ts";
import { normalize, sameSize } from "./features.ts";

/**
 * Neuron selectivity transfer of one pair of feature maps [N, C, H, W]: the squared maximum mean discrepancy of their
 * channels, as unit vectors, with the kernel `<x, y>^2`. Source: Huang and Wang, 2017, mdistiller's
 * `single_stage_nst_loss`.
 */
export function nstLoss(student: Tensor, teacher: Tensor): Tensor {
  const [s, t] = sameSize(student, teacher).map((x) => normalize(x.flatten(2)));
  const kernel = (a: Tensor, b: Tensor) => a.matmul(b, { transposeB: true }).pow(2).mean();
  return kernel(t, t).add(kernel(s, s)).sub(kernel(s, t).mul(2));
}
