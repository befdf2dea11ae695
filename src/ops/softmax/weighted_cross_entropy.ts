import code from "../../../kernels/softmax/label_weights.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { track } from "../../tensor/autograd.ts";
import { Tensor } from "../../tensor/core.ts";
import { add, div, mul } from "../elementwise/binary.ts";
import { linearGrid } from "../grid.ts";
import { gatherAlong, scatterAddAlong } from "../indexing/index_along.ts";
import { where } from "../indexing/where.ts";
import { sum } from "../reduce/sum.ts";
import { reshape } from "../shape/reshape.ts";
import { logSoftmax } from "./softmax.ts";

const labelWeightsKernel = new Kernel("label_weights", code);

/** What `crossEntropy()` knows when it is not the plain one. */
export interface WeightedRows {
  /** Share of the target that is spread evenly. */
  readonly smoothing: number;
  /** How the rows become one number. */
  readonly reduction: "mean" | "sum" | "none";
  /** [C], or null for 1 each. */
  readonly weight: Tensor | null;
  /** A label whose rows count nothing. */
  readonly ignoreIndex?: number;
}

/** Cross-entropy with labels that count by the weight of their class, or not at all. */
export function labelCrossEntropy(logits: Tensor, labels: Tensor, options: WeightedRows): Tensor {
  const { smoothing, reduction, weight } = options;
  const [rows, classes] = logits.shape;
  const { picks, counts, kept } = labelWeights(labels, classes, options);
  const logs = logSoftmax(logits);
  const own = mul(pick(logs, picks), -1);
  // Rows that do not count may be infinite.
  let losses = mul(where(counts, mul(own, counts), 0), 1 - smoothing);
  if (smoothing > 0) {
    const all = mul(sum(weight ? mul(logs, weight) : logs, { dims: 1 }), -smoothing / classes);
    losses = add(losses, where(kept, all, 0));
  }
  if (reduction === "none") return reshape(losses, [rows]);
  return reduction === "sum" ? sum(losses) : div(sum(losses), sum(counts));
}

/** Cross-entropy with a distribution for each row. */
export function softCrossEntropy(logits: Tensor, targets: Tensor, options: WeightedRows): Tensor {
  const { smoothing, reduction, weight } = options;
  const [rows, classes] = logits.shape;
  const smooth = smoothing > 0 ? add(mul(targets, 1 - smoothing), smoothing / classes) : targets;
  const shares = weight ? mul(smooth, weight) : smooth;
  // What has no share may be infinite.
  const losses = mul(sum(where(shares, mul(logSoftmax(logits), shares), 0), { dims: 1 }), -1);
  if (reduction === "none") return losses;
  return mul(sum(losses), reduction === "mean" ? 1 / rows : 1);
}

/** `logs[n, picks[n]]`, [N]. */
function pick(logs: Tensor, picks: Tensor): Tensor {
  const walk = { shape: logs.shape, dim: 1, index: picks, shared: false };
  const y = gatherAlong(logs, walk);
  const [rows] = logs.shape;
  const picked = track("pick", [logs], y, (dy) => [scatterAddAlong(null, dy, walk)]);
  return reshape(picked, [rows]);
}

function labelWeights(labels: Tensor, classes: number, { weight, ignoreIndex }: WeightedRows) {
  const { gpu, numel: rows } = labels;
  const picks = Tensor.result(gpu, [rows, 1], "int32");
  const [counts, kept] = [Tensor.result(gpu, [rows]), Tensor.result(gpu, [rows])];
  gpu.dispatch(labelWeightsKernel, {
    bindings: {
      labels,
      picks,
      counts,
      kept,
      ...(weight ? { weight } : {}),
    },
    params: {
      ...{ rows, classes, nan: NaN },
      ...{ ignores: Number(ignoreIndex !== undefined), ignored: ignoreIndex ?? 0 },
    },
    values: { WEIGHT: Number(weight !== null) },
    workgroups: linearGrid(Math.ceil(rows / 64)),
  });
  return { picks, counts, kept };
}
