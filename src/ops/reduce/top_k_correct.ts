import rankCode from "../../../kernels/reduce/label_rank.wgsl" with { type: "text" };
import countsCode from "../../../kernels/reduce/rank_counts.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { linearGrid } from "../grid.ts";
import { requireLabelRows, rowLanes } from "../softmax/label_rows.ts";

const labelRankKernel = new Kernel("label_rank", rankCode);
const rankCountsKernel = new Kernel("rank_counts", countsCode);

/**
 * How many samples have their label among the `k` largest logits, for each `k`; it has no gradient.
 * Of equal logits the one with the lower index is the larger, and NaN is larger than every number. A label
 * whose own logit is NaN is never among them.
 *
 * @param logits float32 [N, C]
 * @param labels int32 [N]
 * @param ks one to four positive integers
 * @param lanes threads that share a row, 1 or 64; left to the adapter but in tests
 * @returns float32 [ks.length]
 * @throws RangeError when the shapes or `ks` do not fit or a label is out of range, TypeError for other dtypes.
 */
export function topKCorrect(
  logits: Tensor,
  labels: Tensor,
  ks: readonly number[],
  lanes: number = rowLanes(logits),
): Tensor {
  requireLabelRows("topKCorrect", logits, labels);
  if (ks.length < 1 || ks.length > 4 || !ks.every((k) => Number.isInteger(k) && k >= 1)) {
    throw new RangeError(`topKCorrect() for k of [${ks}]: one to four positive integers wanted`);
  }
  const { gpu } = logits;
  const rank = labelRank(logits, labels, lanes);
  const y = Tensor.result(gpu, [ks.length]);
  const [k0, k1 = 0, k2 = 0, k3 = 0] = ks;
  gpu.dispatch(rankCountsKernel, {
    bindings: { rank, y },
    params: { rows: labels.numel, k0, k1, k2, k3 },
    workgroups: [ks.length],
  });
  rank.dispose();
  return y;
}

/** How many classes come before each label, uint32 [N]; the largest number for one whose logit is NaN. Arguments are checked. */
export function labelRank(
  logits: Tensor,
  labels: Tensor,
  lanes: number = rowLanes(logits),
): Tensor {
  const [rows, classes] = logits.shape;
  const rank = Tensor.result(logits.gpu, [rows], "uint32");
  logits.gpu.dispatch(labelRankKernel, {
    bindings: { x: logits, labels, rank },
    params: { rows, classes },
    values: { LANES: lanes, ROWS: 64 / lanes },
    workgroups: linearGrid(Math.ceil(rows * lanes / 64)),
  });
  return rank;
}
