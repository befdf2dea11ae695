import { batchNorm } from "../ops/batch_norm.ts";
import { tensor } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/** Options of {@linkcode BatchNorm2d}. */
export interface BatchNorm2dOptions {
  /** Default 1e-5. */
  eps?: number;
  /** Weight of the new batch in the running statistics. Default 0.1. */
  momentum?: number;
}

/** What follows the normalisation in the same pass. */
export interface BatchNormEpilogue {
  /** Ends with ReLU. */
  relu?: boolean;
  /** Added before the ReLU. */
  residual?: Tensor;
}

/** Batch normalisation of [N, C, H, W]. PyTorch: `torch.nn.BatchNorm2d`. */
export class BatchNorm2d extends Module {
  /** [C], 1 at first. */
  readonly weight: Tensor;
  /** [C], 0 at first. */
  readonly bias: Tensor;
  /** [C], 0 at first. */
  readonly running_mean: Tensor;
  /** [C], 1 at first. */
  readonly running_var: Tensor;
  /** int32, a number: training batches so far, counted on the device. */
  readonly num_batches_tracked: Tensor;
  readonly #options: BatchNorm2dOptions;

  /** For inputs of `channels` channels. */
  constructor(channels: number, options: BatchNorm2dOptions = {}) {
    super();
    const filled = (value: number) => new Float32Array(channels).fill(value);
    this.weight = tensor(filled(1), null, { requiresGrad: true }).keep();
    this.bias = tensor(filled(0), null, { requiresGrad: true }).keep();
    this.running_mean = tensor(filled(0)).keep();
    this.running_var = tensor(filled(1)).keep();
    this.num_batches_tracked = tensor(new Int32Array(1), []).keep();
    this.#options = options;
  }

  /** Normalises by the batch when training, else by the running statistics. */
  forward(x: Tensor, epilogue: BatchNormEpilogue = {}): Tensor {
    const { weight, bias, running_mean: runningMean, running_var: runningVar } = this;
    const batches = this.num_batches_tracked;
    return batchNorm(x, { weight, bias, runningMean, runningVar, batches }, {
      training: this.training,
      ...this.#options,
      ...epilogue,
    });
  }

  /** The running statistics and the counter. */
  protected override bufferNames(): readonly string[] {
    return ["running_mean", "running_var", "num_batches_tracked"];
  }
}
