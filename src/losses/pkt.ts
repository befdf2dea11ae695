import type { Tensor } from "../tensor/tensor.ts";

const EPS = 1e-7;

/**
 * Probabilistic knowledge transfer: the divergence of the student's distribution of similarities within a batch from the
 * teacher's, averaged over all pairs. Source: Passalis and Tefas, 2018, mdistiller's `pkt_loss`.
 *
 * @param student [N, features]
 * @param teacher [N, features], which may be another number
 */
export function pktLoss(student: Tensor, teacher: Tensor): Tensor {
  const alike = (x: Tensor) => {
    const length = x.pow(2).sum({ dims: 1, keepDims: true }).clamp(1e-24, Infinity).sqrt();
    const rows = x.div(length.add(EPS));
    const cosines = rows.matmul(rows, { transposeB: true }).add(1).mul(0.5);
    return cosines.div(cosines.sum({ dims: 1, keepDims: true }));
  };
  const [s, t] = [alike(student), alike(teacher)];
  return t.mul(t.add(EPS).div(s.add(EPS)).log()).mean();
}
