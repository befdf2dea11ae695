import code from "../../../kernels/softmax/cross_entropy.wgsl" with { type: "text" };
import gradCode from "../../../kernels/softmax/cross_entropy_grad.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { autocastInput } from "../../tensor/autocast.ts";
import { track } from "../../tensor/autograd.ts";
import { Tensor } from "../../tensor/core.ts";
import { isFloat } from "../../tensor/dtype.ts";
import { checkOptions } from "../../options.ts";
import { formatShape, sameShape } from "../../tensor/shape.ts";
import { linearGrid } from "../grid.ts";
import { reduce } from "../reduce/reduce.ts";
import { requireFloat } from "../require_dtype.ts";
import { takeAs } from "../take_as.ts";
import { requireLabelRows, rowLanes } from "./label_rows.ts";
import {
  labelCrossEntropy,
  softCrossEntropy,
  type WeightedRows,
} from "./weighted_cross_entropy.ts";

const crossEntropyKernel = new Kernel("cross_entropy", code);
const crossEntropyGradKernel = new Kernel("cross_entropy_grad", gradCode);

/** Options of {@linkcode crossEntropy}. */
export interface CrossEntropyOptions {
  /** Share of the target that is spread evenly over all classes, 0 to 1. Default 0. */
  labelSmoothing?: number;
  /** `none` gives the loss of every sample. Default `mean`, over what the labels' classes weigh. */
  reduction?: "mean" | "sum" | "none";
  /** float32 [C]: what each class weighs. Default 1 each. */
  weight?: Tensor;
  /** A label whose rows count nothing; PyTorch's default is -100, here none is ignored unless it is named. */
  ignoreIndex?: number;
}

const OPTIONS = { labelSmoothing: true, reduction: true, weight: true, ignoreIndex: true } as const;
const REDUCTIONS = ["mean", "sum", "none"];

/**
 * Cross-entropy of logits with labels, or with a distribution for each row. A logit may be -inf where it has no share of
 * the target. PyTorch: `torch.nn.functional.cross_entropy`.
 *
 * @param logits float32 [N, C]
 * @param target labels, int32 [N], or distributions, float32 [N, C], which have no gradient
 * @param lanes threads that share a row, 1 or 64; left to the adapter but in tests
 * @returns a scalar, or [N] with reduction `none`
 * @throws RangeError when the shapes do not fit or a label is no class (`data()` throws it where the labels were computed
 * on the device, and then the row is NaN); TypeError for other dtypes or options.
 */
export function crossEntropy(
  logits: Tensor,
  target: Tensor,
  options: CrossEntropyOptions = {},
  lanes: number = rowLanes(logits),
): Tensor {
  checkOptions<CrossEntropyOptions>("crossEntropy()", options, OPTIONS);
  const { labelSmoothing: smoothing = 0, reduction = "mean", weight = null, ignoreIndex } = options;
  logits = autocastInput("crossEntropy", logits);
  if (!(smoothing >= 0 && smoothing <= 1)) {
    throw new RangeError(`crossEntropy() with label smoothing ${smoothing}: 0 to 1 wanted`);
  }
  if (!REDUCTIONS.includes(reduction)) {
    throw new RangeError(
      `crossEntropy() with reduction ${reduction}: ${REDUCTIONS.join(", ")} wanted`,
    );
  }
  if (weight) requireWeight(weight, logits);
  const soft = isFloat(target.dtype) && target.ndim === 2;
  const weighted = { smoothing, reduction, weight, ignoreIndex };
  if (soft) return softCrossEntropy(logits, requireShares(target, logits, ignoreIndex), weighted);
  requireLabelRows("crossEntropy", logits, target, ignoreIndex);
  if (weight || ignoreIndex !== undefined) return labelCrossEntropy(logits, target, weighted);
  return plain(logits, target, { smoothing, reduction }, lanes);
}

/** Labels of classes that all weigh the same, in one kernel. */
function plain(
  logits: Tensor,
  labels: Tensor,
  { smoothing, reduction }: Pick<WeightedRows, "smoothing" | "reduction">,
  lanes: number,
): Tensor {
  const [rows, classes] = logits.shape;
  const { gpu } = logits;
  const losses = Tensor.result(gpu, [rows]);
  const stats = Tensor.result(gpu, [rows, 2]);
  const shared = { x: logits, labels, stats };
  gpu.dispatch(crossEntropyKernel, {
    bindings: { ...shared, loss: losses },
    params: { rows, classes, smoothing, nan: NaN },
    values: { LANES: lanes, ROWS: 64 / lanes },
    workgroups: linearGrid(Math.ceil(rows * lanes / 64)),
  });
  const scale = reduction === "mean" ? 1 / rows : 1;
  const y = reduction === "none" ? losses : reduced(losses, scale);
  return track("cross_entropy", [logits], y, (dy) => {
    const dx = Tensor.result(gpu, logits.shape);
    const vector = classes % 4 === 0 ? 4 : 1;
    gpu.dispatch(crossEntropyGradKernel, {
      bindings: { ...shared, dy, dx },
      params: { rows, classes, smoothing, scale, each: Number(reduction === "none") },
      values: { VEC: vector },
      workgroups: linearGrid(Math.ceil(rows / 8)),
    });
    return [dx];
  }, [stats]);
}

function requireWeight(weight: Tensor, logits: Tensor): void {
  requireFloat("crossEntropy", weight);
  if (sameShape(weight.shape, [logits.shape[1]])) return;
  throw new RangeError(
    `crossEntropy() with a weight of shape ${formatShape(weight.shape)} for logits ` +
      `${formatShape(logits.shape)}: one for each class wanted`,
  );
}

function requireShares(targets: Tensor, logits: Tensor, ignoreIndex?: number): Tensor {
  requireFloat("crossEntropy", logits, targets);
  if (ignoreIndex !== undefined) {
    throw new TypeError("crossEntropy() with ignoreIndex wants labels, not distributions");
  }
  if (!sameShape(targets.shape, logits.shape)) {
    throw new RangeError(
      `crossEntropy() of logits ${formatShape(logits.shape)} and distributions ` +
        `${formatShape(targets.shape)}: one shape [N, C] wanted`,
    );
  }
  return targets.detach();
}

function reduced(losses: Tensor, scale: number): Tensor {
  const layout = { outer: 1, count: losses.numel, inner: 1 };
  const y = takeAs(reduce(losses, layout, "sum", { scale }), []);
  losses.dispose();
  return y;
}
