import sumsCode from "../../../kernels/norm/batch_norm_own_sums.wgsl" with { type: "text" };
import momentsCode from "../../../kernels/norm/batch_norm_rank_moments.wgsl" with { type: "text" };
import statsCode from "../../../kernels/norm/batch_norm_shared_stats.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { Tensor } from "../../tensor/core.ts";
import { wgslFloat } from "../../tensor/dtype.ts";
import { type SharedBatch, sharedBatch } from "../../tensor/shared_batch.ts";
import { sumOverProcesses } from "../sum_over_processes.ts";
import type { BatchNormTensors, NormLayout } from "./layout.ts";

const momentsKernel = new Kernel("batch_norm_rank_moments", momentsCode);
const statsKernel = new Kernel("batch_norm_shared_stats", statsCode);
const sumsKernel = new Kernel("batch_norm_own_sums", sumsCode);

/** The batch under way, where processes share it and normalise it as one; else null. */
export function normalisedTogether(): SharedBatch | null {
  const batch = sharedBatch();
  return batch?.syncBatchNorm ? batch : null;
}

/**
 * Statistics over the parts that all processes have of a batch, and the running ones moved by them. PyTorch:
 * `torch.nn.SyncBatchNorm`.
 *
 * @param sums partial sums of this process's part, as `normSums` makes them; freed here
 * @param stats float32 [C, 4], written
 */
export function sharedStats(
  batch: SharedBatch,
  x: Tensor,
  sums: Tensor,
  stats: Tensor,
  { weight, bias, runningMean, runningVar, batches }: BatchNormTensors,
  { channels, plane, splits, images }: NormLayout,
  { momentum, eps }: { readonly momentum: number; readonly eps: number },
): void {
  const { rank, ranks, spare } = batch;
  const moments = Tensor.result(x.gpu, [ranks, channels, 4]);
  moments.zero_();
  const workgroups = [Math.ceil(channels / 64)] as const;
  x.gpu.dispatch(momentsKernel, {
    bindings: { sums, x, moments },
    params: { channels, plane, splits, rank, count: images * plane },
    values: { E: wgslFloat(x.dtype), COUNTED: Number(!spare) },
    workgroups,
  });
  sums.dispose();
  sumOverProcesses(moments, batch);
  x.gpu.dispatch(statsKernel, {
    bindings: { weight, bias, stats, runningMean, runningVar, moments, batches },
    params: { channels, ranks, momentum, eps },
    values: { COUNT: Number(batches !== undefined) },
    workgroups,
  });
  moments.dispose();
}

/**
 * The gradient's sums over this process's part of a batch, and over all of it: float32 [C, 2] each.
 *
 * @param sums partial sums of this process's part, as `normSums` makes them; freed here
 */
export function sharedGradientSums(
  batch: SharedBatch,
  sums: Tensor,
  { channels, splits }: NormLayout,
): { own: Tensor; whole: Tensor } {
  const { gpu } = sums;
  const own = Tensor.result(gpu, [channels, 2]);
  const whole = Tensor.result(gpu, [channels, 2]);
  gpu.dispatch(sumsKernel, {
    bindings: { sums, own, whole },
    params: { channels, splits },
    workgroups: [Math.ceil(channels / 64)],
  });
  sums.dispose();
  sumOverProcesses(whole, batch);
  return { own, whole };
}
