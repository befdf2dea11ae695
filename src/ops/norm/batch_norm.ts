import applyCode from "../../../kernels/norm/batch_norm_apply.wgsl" with { type: "text" };
import gradApplyCode from "../../../kernels/norm/batch_norm_grad_apply.wgsl" with { type: "text" };
import gradStatsCode from "../../../kernels/norm/batch_norm_grad_stats.wgsl" with { type: "text" };
import statsCode from "../../../kernels/norm/batch_norm_stats.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { type InputGradients, track } from "../../tensor/autograd.ts";
import { Tensor } from "../../tensor/core.ts";
import { wgslFloat } from "../../tensor/dtype.ts";
import type { SharedBatch } from "../../tensor/shared_batch.ts";
import { checkOptions, type OptionNames } from "../../options.ts";
import { formatShape, sameShape } from "../../tensor/shape.ts";
import { linearGrid } from "../grid.ts";
import { requireFloats } from "../require_dtype.ts";
import { bindsWholeNorm, normaliseByBatch, normGradients } from "./batch_norm_tree.ts";
import { type BatchNormTensors, inPairs, type NormLayout, normLayout } from "./layout.ts";
import { normalisedTogether, sharedGradientSums, sharedStats } from "./shared_norm.ts";
import { normSums } from "./sums.ts";

export type { BatchNormTensors } from "./layout.ts";

const statsKernel = new Kernel("batch_norm_stats", statsCode);
const applyKernel = new Kernel("batch_norm_apply", applyCode);
const gradStatsKernel = new Kernel("batch_norm_grad_stats", gradStatsCode);
const gradApplyKernel = new Kernel("batch_norm_grad_apply", gradApplyCode);

/** Options of {@linkcode batchNorm}. */
export interface BatchNormOptions {
  /** Normalise by the batch and move the running statistics, or by the running statistics. */
  training: boolean;
  /** Default 0.1. */
  momentum?: number;
  /** Default 1e-5. */
  eps?: number;
  /** Ends with ReLU. Default false. */
  relu?: boolean;
  /** Added before the ReLU, of x's shape. */
  residual?: Tensor | null;
  /** Sums in workgroup memory; default on hardware adapters. */
  tree?: boolean;
}

const OPTIONS: OptionNames<BatchNormOptions> = {
  ...{ training: true, momentum: true, eps: true, relu: true, residual: true, tree: true },
};

/**
 * Batch normalisation over all dimensions but the second, optionally followed by an addition and
 * ReLU in the same pass. PyTorch: `F.batch_norm` (biased variance to normalise, unbiased for the
 * running variance).
 *
 * @param x float32 or float16 [N, C, ...]; statistics and parameters are float32
 * @throws RangeError when shapes do not fit, or when training with one value per channel.
 */
export function batchNorm(x: Tensor, tensors: BatchNormTensors, options: BatchNormOptions): Tensor {
  checkOptions<BatchNormOptions>("batchNorm()", options, OPTIONS);
  const layout = normLayout(x.shape);
  const { relu = false, residual = null, training, tree = !x.gpu.software } = options;
  const shared = training ? normalisedTogether() : null;
  check(x, tensors, layout, options, shared);
  const whole = tree && !shared && bindsWholeNorm(x.gpu);
  const forward = whole && training ? normaliseWhole : normaliseInSteps;
  const { y, stats } = forward(x, tensors, layout, { ...options, relu, residual, tree }, shared);
  const inputs = [x, tensors.weight, tensors.bias, ...(residual ? [residual] : [])];
  const backward = (dy: Tensor) =>
    gradients(x, dy, relu ? y : null, stats, layout, { training, tree, residual, shared, whole });
  return track(["batch_norm", { ...options, ...tensors }], inputs, y, backward, [stats]);
}

type Normalise = (
  x: Tensor,
  tensors: BatchNormTensors,
  layout: NormLayout,
  options: BatchNormOptions & { relu: boolean; residual: Tensor | null; tree: boolean },
  shared: SharedBatch | null,
) => { y: Tensor; stats: Tensor };

const normaliseInSteps: Normalise = (x, tensors, layout, options, shared) => {
  const stats = computeStats(x, tensors, layout, options, options.tree, shared);
  return { y: apply(x, stats, layout, options), stats };
};

const normaliseWhole: Normalise = (x, tensors, layout, { momentum = 0.1, eps = 1e-5, ...rest }) => {
  const sums = normSums(x, layout, null, true);
  const made = normaliseByBatch(x, sums, tensors, layout, { momentum, eps, ...rest });
  sums.dispose();
  return made;
};

/**
 * {@linkcode batchNorm} off the tape by statistics that {@linkcode fixedStatistics} made of the running ones.
 *
 * @throws RangeError when shapes do not fit
 */
export function batchNormByStatistics(
  x: Tensor,
  tensors: BatchNormTensors,
  stats: Tensor,
  { relu = false, residual = null }: Pick<BatchNormOptions, "relu" | "residual">,
): Tensor {
  const layout = normLayout(x.shape);
  check(x, tensors, layout, { training: false, residual }, null);
  return apply(x, stats, layout, { relu, residual });
}

/** What the running statistics make of every channel, [C, 4]; written to `into` where that is given. */
export function fixedStatistics(
  { weight, bias, runningMean, runningVar }: BatchNormTensors,
  eps: number,
  into?: Tensor,
): Tensor {
  const channels = weight.numel;
  const stats = into ?? Tensor.result(weight.gpu, [channels, 4]);
  weight.gpu.dispatch(statsKernel, {
    bindings: { weight, bias, stats, runningMean, runningVar },
    params: { channels, plane: 1, splits: 0, count: 1, momentum: 0, eps },
    values: { TRAINING: 0, COUNT: 0, E: wgslFloat("float32") },
    workgroups: [Math.ceil(channels / 64)],
  });
  return stats;
}

function apply(
  x: Tensor,
  stats: Tensor,
  layout: NormLayout,
  { relu, residual }: { relu: boolean; residual: Tensor | null },
): Tensor {
  const y = Tensor.result(x.gpu, x.shape, x.dtype);
  const pairs = inPairs(layout, x);
  x.gpu.dispatch(applyKernel, {
    bindings: {
      x,
      stats,
      y,
      residual,
    },
    params: { ...pairs },
    values: {
      RESIDUAL: Number(residual !== null),
      RELU: Number(relu),
      VEC: pairs.vector,
      E: wgslFloat(x.dtype),
    },
    workgroups: linearGrid(Math.ceil(pairs.threads / 64)),
  });
  return y;
}

function computeStats(
  x: Tensor,
  { weight, bias, runningMean, runningVar, batches }: BatchNormTensors,
  layout: NormLayout,
  { training, momentum = 0.1, eps = 1e-5 }: BatchNormOptions,
  tree: boolean,
  shared: SharedBatch | null,
): Tensor {
  const { channels, plane, splits, images } = layout;
  const stats = Tensor.result(x.gpu, [channels, 4]);
  const sums = training ? normSums(x, layout, null, tree) : null;
  if (shared) {
    const tensors = { weight, bias, runningMean, runningVar, batches };
    sharedStats(shared, x, sums!, stats, tensors, layout, { momentum, eps });
    return stats;
  }
  const count = training && batches !== undefined;
  x.gpu.dispatch(statsKernel, {
    bindings: {
      weight,
      bias,
      stats,
      runningMean,
      runningVar,
      sums,
      x: sums && x,
      batches: count ? batches : null,
    },
    params: { channels, plane, splits, count: images * plane, momentum, eps },
    values: { TRAINING: Number(training), COUNT: Number(count), E: wgslFloat(x.dtype) },
    workgroups: [Math.ceil(channels / 64)],
  });
  sums?.dispose();
  return stats;
}

function gradients(
  x: Tensor,
  dy: Tensor,
  y: Tensor | null,
  stats: Tensor,
  layout: NormLayout,
  { training, tree, residual, shared, whole }: {
    training: boolean;
    tree: boolean;
    residual: Tensor | null;
    shared: SharedBatch | null;
    whole: boolean;
  },
): InputGradients {
  const { gpu } = x;
  const parts = normSums(x, layout, { dy, stats, y }, tree);
  if (whole) {
    const options = { training, residual: residual !== null };
    const made = normGradients({ x, dy, y, stats, sums: parts }, layout, options);
    parts.dispose();
    return [made.dx, made.dweight, made.dbias, ...(residual ? [made.dz ?? dy] : [])];
  }
  const { dweight, dbias, coefficients } = gradientStatistics(parts, stats, layout, {
    training,
    shared,
  });
  const dx = Tensor.result(gpu, x.shape, x.dtype);
  const dz = residual && y ? Tensor.result(gpu, x.shape, x.dtype) : null;
  const pairs = inPairs(layout, x);
  gpu.dispatch(gradApplyKernel, {
    bindings: { x, dy, coefficients, dx, y, dz },
    params: { ...pairs },
    values: {
      RESIDUAL: Number(dz !== null),
      RELU: Number(y !== null),
      VEC: pairs.vector,
      E: wgslFloat(x.dtype),
    },
    workgroups: linearGrid(Math.ceil(pairs.threads / 64)),
  });
  coefficients.dispose();
  return [dx, dweight, dbias, ...(residual ? [dz ?? dy] : [])];
}

/** Joins the partial sums of a gradient and frees them: its weight's and bias's gradients, and what those of the elements follow from. */
function gradientStatistics(
  parts: Tensor,
  stats: Tensor,
  layout: NormLayout,
  { training, shared }: { training: boolean; shared: SharedBatch | null },
): { dweight: Tensor; dbias: Tensor; coefficients: Tensor } {
  const { gpu } = parts;
  const { channels, images, plane } = layout;
  const together = shared && sharedGradientSums(shared, parts, layout);
  const sums = together?.own ?? parts;
  // The statistics do not follow from images that count nothing.
  const counts = !shared?.spare;
  const dweight = Tensor.result(gpu, [channels]);
  const dbias = Tensor.result(gpu, [channels]);
  const coefficients = Tensor.result(gpu, [channels, 4]);
  gpu.dispatch(gradStatsKernel, {
    bindings: {
      sums,
      stats,
      dweight,
      dbias,
      coefficients,
      whole: counts ? together?.whole : null,
    },
    params: {
      channels,
      splits: together ? 1 : layout.splits,
      count: (shared?.size ?? images) * plane,
    },
    values: { TRAINING: Number(training && counts), SHARED: Number(together !== null && counts) },
    workgroups: [Math.ceil(channels / 64)],
  });
  sums.dispose();
  together?.whole.dispose();
  return { dweight, dbias, coefficients };
}

function check(
  x: Tensor,
  { batches: _, ...tensors }: BatchNormTensors,
  layout: NormLayout,
  { training, residual }: BatchNormOptions,
  shared: SharedBatch | null,
): void {
  requireFloats("batchNorm", x, ...(residual ? [residual] : []));
  for (const [name, tensor] of Object.entries(tensors) as [string, Tensor][]) {
    if (tensor.numel !== layout.channels) {
      throw new RangeError(
        `${name} ${formatShape(tensor.shape)} for ${layout.channels} channels of ${
          formatShape(x.shape)
        }`,
      );
    }
  }
  if (training && (shared?.size ?? layout.images) * layout.plane < 2) {
    throw new RangeError(
      `more than one value per channel wanted when training, got ${formatShape(x.shape)}`,
    );
  }
  if (residual && !sameShape(residual.shape, x.shape)) {
    throw new RangeError(
      `residual ${formatShape(residual.shape)} for an input of shape ${formatShape(x.shape)}`,
    );
  }
}
