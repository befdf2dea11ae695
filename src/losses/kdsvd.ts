import { eigh } from "../ops/eigh.ts";
import { bestMatch } from "../ops/losses/best_match.ts";
import { noGrad } from "../tensor/autograd.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { normalize } from "./features.ts";

/** More singular vectors of the student's than of the teacher's, among which the best match is sought. */
const SPARE = 3;

/**
 * Knowledge distillation by singular value decomposition: what distance, in a Gaussian kernel, the first right singular
 * vectors of one feature map [C * H, W] have from those of the next. Each vector of the teacher's is weighted by its
 * singular value and taken with the student's vector that is nearest to its line. Source: Lee et al., ECCV 2018,
 * mdistiller's `kdsvd_loss`; the sum of all squared differences over the batch.
 *
 * The sign of a singular vector is open: here the sum of its components is not negative, which is the sign that the first
 * vector of features behind a ReLU has in all of them.
 *
 * @param student two or more feature maps, float32 [N, C, H, W]
 * @param teacher constants of the same width, each [N, channels, height, W]
 * @param k how many vectors of the teacher's
 * @returns one number
 * @throws RangeError when widths differ or are below `k`
 */
export function kdsvdLoss(
  student: readonly Tensor[],
  teacher: readonly Tensor[],
  k: number,
): Tensor {
  const [samples] = student[0].shape;
  const stages = student.map((feature, i) => align(feature, teacher[i], k));
  return stages.slice(1).map((stage, i) => {
    const difference = kernel(stage.student, stages[i].student)
      .sub(noGrad(() => kernel(stage.teacher, stages[i].teacher)));
    return difference.pow(2).sum();
  }).reduce((sum, term) => sum.add(term)).mul(1 / samples);
}

/** The teacher's first `k` vectors, weighted, and the student's that match them, each [N, W, k]. */
function align(student: Tensor, teacher: Tensor, k: number): { student: Tensor; teacher: Tensor } {
  const [width, wanted] = [student.shape[3], teacher.shape[3]];
  if (width !== wanted || width < k) {
    throw new RangeError(
      `kdsvdLoss() of ${formatShape(student.shape)} and ${formatShape(teacher.shape)}: ` +
        `feature maps of one width wanted, of ${k} or more`,
    );
  }
  const t = noGrad(() => last(teacher, k));
  const s = last(student, Math.min(k + SPARE, width));
  const mask = noGrad(() => bestMatch(s.vectors.matmul(t.vectors, { transposeA: true })));
  return { teacher: t.vectors.mul(t.weights), student: s.vectors.matmul(mask).mul(t.weights) };
}

/** The right singular vectors of the largest singular values [N, W, count], and these at length 1 [N, 1, count]. */
function last(x: Tensor, count: number): { vectors: Tensor; weights: Tensor } {
  const [samples, channels, height, width] = x.shape;
  const rows = x.reshape(samples, channels * height, width);
  const { values, vectors } = eigh(rows.matmul(rows, { transposeA: true }));
  // Rounding may leave a value of 0 a little below it.
  const squares = values.slice(1, width - count).detach().clamp(0, Infinity);
  const weights = normalize(squares.sqrt()).reshape(samples, 1, count);
  return { vectors: vectors.slice(2, width - count), weights };
}

/** exp(-(a - b)^2 / 8) of the components of every vector of one stage with those of the other. */
function kernel(a: Tensor, b: Tensor): Tensor {
  const [samples, width, k] = a.shape;
  const apart = a.reshape(samples, width, 1, k).sub(b.reshape(samples, 1, b.shape[1], k));
  return apart.pow(2).mul(-1 / 8).exp();
}
