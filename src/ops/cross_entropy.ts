import gradCode from "../../kernels/softmax/cross_entropy_grad.wgsl" with { type: "text" };
import code from "../../kernels/softmax/cross_entropy.wgsl" with { type: "text" };
import { Kernel } from "../gpu/kernel.ts";
import { autocastInput } from "../tensor/autocast.ts";
import { track } from "../tensor/autograd.ts";
import { Tensor } from "../tensor/tensor.ts";
import { linearGrid } from "./grid.ts";
import { reduce } from "./reduce/reduce.ts";
import { requireLabelRows, rowLanes } from "./label_rows.ts";
import { takeAs } from "./take_as.ts";

const crossEntropyKernel = new Kernel("cross_entropy", code);
const crossEntropyGradKernel = new Kernel("cross_entropy_grad", gradCode);

/** Options of {@linkcode crossEntropy}. */
export interface CrossEntropyOptions {
  /** Share of the target that is spread evenly over all classes, 0 to 1. Default 0. */
  labelSmoothing?: number;
  /** `none` gives the loss of every sample. Default `mean`. */
  reduction?: "mean" | "sum" | "none";
}

/**
 * Cross-entropy of logits with labels. PyTorch: `torch.nn.functional.cross_entropy`.
 *
 * A label outside of [0, C) makes the loss and the gradients of its row NaN.
 *
 * @param logits float32 [N, C]
 * @param labels int32 [N]
 * @param lanes threads that share a row, 1 or 64; left to the adapter but in tests
 * @returns a scalar, or [N] with reduction `none`
 * @throws RangeError when the shapes do not fit, TypeError for other dtypes.
 */
export function crossEntropy(
  logits: Tensor,
  labels: Tensor,
  options: CrossEntropyOptions = {},
  lanes: number = rowLanes(logits),
): Tensor {
  const { labelSmoothing: smoothing = 0, reduction = "mean" } = options;
  logits = autocastInput("crossEntropy", logits);
  requireLabelRows("crossEntropy", logits, labels);
  if (!(smoothing >= 0 && smoothing <= 1)) {
    throw new RangeError(`crossEntropy() with label smoothing ${smoothing}: 0 to 1 wanted`);
  }
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

function reduced(losses: Tensor, scale: number): Tensor {
  const layout = { outer: 1, count: losses.numel, inner: 1 };
  const y = takeAs(reduce(losses, layout, "sum", { scale }), []);
  losses.dispose();
  return y;
}
