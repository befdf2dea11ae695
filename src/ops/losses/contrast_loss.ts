import lossCode from "../../../kernels/contrast/loss.wgsl" with { type: "text" };
import normalizerCode from "../../../kernels/contrast/normalizer.wgsl" with { type: "text" };
import rowGradCode from "../../../kernels/contrast/row_grad.wgsl" with { type: "text" };
import scoresCode from "../../../kernels/contrast/scores.wgsl" with { type: "text" };
import { Kernel } from "../../gpu/kernel.ts";
import { gradEnabled, track, withoutTape } from "../../tensor/autograd.ts";
import { Tensor } from "../../tensor/core.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { SharedBatch } from "../../tensor/shared_batch.ts";
import { mul } from "../elementwise/binary.ts";
import { linearGrid } from "../grid.ts";
import { mean } from "../reduce/sum.ts";
import { sumPartials } from "../reduce/sum_partials.ts";
import { requireFloat } from "../require_dtype.ts";
import { rowGroups } from "../row_groups.ts";
import { sumOverProcesses } from "../sum_over_processes.ts";

const scoresKernel = new Kernel("contrast_scores", scoresCode);
const normalizerKernel = new Kernel("contrast_normalizer", normalizerCode);
const lossKernel = new Kernel("contrast_loss", lossCode);
const rowGradKernel = new Kernel("contrast_row_grad", rowGradCode);

/** Picks that one thread of the gradient adds. */
const SPAN = 256;

/** What {@linkcode contrastLoss} compares with. */
interface ContrastLossOptions {
  /** Embeddings of all images, float32 `[images, dim]`; a constant. */
  readonly memory: Tensor;
  /** Rows of the memory for each sample, the positive first, int32 `[samples, 1 + negatives]`. */
  readonly index: Tensor;
  /** float32, with the normalisation constant at `slot`; a negative one is set from these scores. */
  readonly constants: Tensor;
  /** Where the constant is. */
  readonly slot: number;
  /** Divides the products. */
  readonly temperature: number;
  /** The batch of which the samples are a part, where the constant is to be set from all of it. Default null. */
  readonly shared?: SharedBatch | null;
}

/**
 * Noise-contrastive loss of embeddings against rows of a memory, averaged over the samples. No product of samples,
 * picks and dim is made: rows are read where they lie. The gradient is computed here, so the memory may change before
 * backward. Source: mdistiller's `ContrastMemory` and `ContrastLoss` (Tian et al., 2020).
 *
 * @param v float32 `[samples, dim]`
 * @returns one number
 * @throws RangeError when the shapes do not fit, TypeError when `v` is not float32
 */
export function contrastLoss(v: Tensor, options: ContrastLossOptions): Tensor {
  const { memory, index } = options;
  requireFloat("contrastLoss", v, memory);
  const [samples, dim] = v.shape;
  if (v.ndim !== 2 || memory.ndim !== 2 || memory.shape[1] !== dim || index.shape[0] !== samples) {
    throw new RangeError(
      `contrastLoss() of ${formatShape(v.shape)} with a memory of ${formatShape(memory.shape)} ` +
        `and an index of ${formatShape(index.shape)}: [N, dim], [rows, dim] and [N, picks] wanted`,
    );
  }
  const wanted = gradEnabled() && v.requiresGrad;
  const { loss, gradient } = withoutTape(() => lossAndGradient(v, options, wanted));
  if (!gradient) return loss;
  return track("contrast_loss", [v], loss, (dy) => [mul(gradient, dy)], [gradient]);
}

function lossAndGradient(
  v: Tensor,
  options: ContrastLossOptions,
  wanted: boolean,
): { loss: Tensor; gradient: Tensor | null } {
  const { gpu } = v;
  const { memory, index, constants, slot, temperature, shared } = options;
  const [samples, picks] = index.shape;
  const rows = memory.shape[0];
  const scores = contrastScores(v, options);
  const average = shared ? meanOfAll(scores, shared) : mean(scores);
  gpu.dispatch(normalizerKernel, {
    bindings: { mean: average, constants },
    params: { slot, rows },
    workgroups: [1],
  });
  const perSample = Tensor.result(gpu, [samples]);
  const noise = (picks - 1) / rows;
  gpu.dispatch(lossKernel, {
    bindings: { constants, scores, loss: perSample },
    params: { samples, picks, slot, noise, slope: 1 / (temperature * samples) },
    ...rowGroups(gpu, samples),
  });
  const gradient = wanted ? rowGradient(scores, memory, index) : null;
  const loss = mean(perSample);
  for (const temporary of [scores, average, perSample]) temporary.dispose();
  return { loss, gradient };
}

/** The mean over all processes, each counting by its images. */
function meanOfAll(scores: Tensor, shared: SharedBatch): Tensor {
  const own = mean(scores);
  const share = mul(own, shared.spare ? 0 : shared.places.length / shared.size);
  own.dispose();
  sumOverProcesses(share, shared);
  return share;
}

function vectorOf(dim: number): { VEC: number } {
  return { VEC: dim % 4 === 0 ? 4 : 1 };
}

function contrastScores(v: Tensor, options: ContrastLossOptions): Tensor {
  const { memory, index, temperature } = options;
  const dim = v.shape[1];
  const values = vectorOf(dim);
  const scores = Tensor.result(v.gpu, index.shape);
  v.gpu.dispatch(scoresKernel, {
    bindings: {
      v,
      memory,
      index,
      scores,
    },
    params: {
      count: index.numel,
      picks: index.shape[1],
      dim: dim / values.VEC,
      scale: 1 / temperature,
    },
    values,
    workgroups: linearGrid(Math.ceil(index.numel / 64)),
  });
  return scores;
}

function rowGradient(slopes: Tensor, memory: Tensor, index: Tensor): Tensor {
  const [samples, picks] = index.shape;
  const dim = memory.shape[1];
  const values = vectorOf(dim);
  const splits = Math.ceil(picks / SPAN);
  const partials = Tensor.result(memory.gpu, [splits, samples * dim]);
  const count = partials.numel / values.VEC;
  memory.gpu.dispatch(rowGradKernel, {
    bindings: {
      slopes,
      memory,
      index,
      partials,
    },
    params: { samples, picks, dim: dim / values.VEC, span: SPAN, count },
    values,
    workgroups: linearGrid(Math.ceil(count / 64)),
  });
  return sumPartials(partials, [samples, dim]);
}
