import { oneHot } from "../ops/indexing/one_hot.ts";
import { tensor } from "../tensor/create.ts";
import { checkOptions } from "../options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { normalize } from "./features.ts";
import { smoothL1Loss } from "./mse.ts";

/** Options of {@linkcode rkdLoss}. */
export interface RkdOptions {
  /** Weight of the distances between two samples. Default 25. */
  distanceWeight?: number;
  /** Weight of the angles between three. Default 50. */
  angleWeight?: number;
  /** Smallest squared distance. Default 1e-12. */
  eps?: number;
  /** Whether distances are squared. Default false. */
  squared?: boolean;
}

/**
 * Relational knowledge distillation: smooth L1 differences of the distances within a batch, in units of their mean, and of
 * the cosines of the angles between its samples. Source: Park et al., 2019, mdistiller's `rkd_loss`.
 *
 * @param student [N, features]
 * @param teacher [N, features], which may be another number
 */
export function rkdLoss(student: Tensor, teacher: Tensor, options: RkdOptions = {}): Tensor {
  checkOptions<RkdOptions>("rkdLoss()", options, {
    ...{ distanceWeight: true, angleWeight: true, eps: true, squared: true },
  });
  const { distanceWeight = 25, angleWeight = 50, eps = 1e-12, squared = false } = options;
  const far = (x: Tensor) => distances(x, eps, squared);
  return smoothL1Loss(far(student), far(teacher)).mul(distanceWeight)
    .add(smoothL1Loss(angles(student), angles(teacher)).mul(angleWeight));
}

function distances(x: Tensor, eps: number, squared: boolean): Tensor {
  const [n] = x.shape;
  const squares = x.pow(2).sum({ dims: 1 });
  const products = x.matmul(x, { transposeB: true }).mul(2);
  const all = squares.reshape(n, 1).add(squares.reshape(1, n)).sub(products).clamp(eps, Infinity);
  const self = oneHot(tensor(Int32Array.from({ length: n }, (_, i) => i)), n);
  const others = (squared ? all : all.sqrt()).mul(self.mul(-1).add(1));
  return others.div(others.sum().mul(1 / (n * (n - 1))));
}

function angles(x: Tensor): Tensor {
  const [n, dim] = x.shape;
  const between = normalize(x.reshape(1, n, dim).sub(x.reshape(n, 1, dim)));
  return between.matmul(between, { transposeB: true });
}
