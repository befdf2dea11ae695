import type { Gpu } from "../gpu/gpu.ts";
import { batchNorm } from "../ops/norm/batch_norm.ts";
import { tensor } from "../tensor/create.ts";
import { checkOptions } from "../options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { foldedNorm } from "./folding.ts";
import { requireSizes } from "./init.ts";
import { Module } from "./module.ts";
import { pythonFloat } from "./module_text.ts";
import { Parameter } from "./parameter.ts";

/** Options of {@linkcode BatchNorm2d}. */
export interface BatchNorm2dOptions {
  /** Default 1e-5. */
  eps?: number;
  /** Weight of the new batch in the running statistics. Default 0.1. */
  momentum?: number;
  /** Default: the device of `init()`. */
  device?: Gpu;
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
  readonly #options: { readonly eps: number; readonly momentum: number };

  /** For inputs of `channels` channels. */
  constructor(channels: number, options: BatchNorm2dOptions = {}) {
    super();
    checkOptions<BatchNorm2dOptions>("BatchNorm2d()", options, {
      ...{ eps: true, momentum: true, device: true },
    });
    requireSizes("BatchNorm2d()", { channels });
    const { eps = 1e-5, momentum = 0.1, device } = options;
    const filled = (value: number) =>
      tensor(new Float32Array(channels).fill(value), null, { device });
    this.weight = new Parameter(filled(1));
    this.bias = new Parameter(filled(0));
    this.running_mean = filled(0).keep();
    this.running_var = filled(1).keep();
    this.num_batches_tracked = tensor(new Int32Array(1), [], { device }).keep();
    this.#options = { eps, momentum };
  }

  /** Normalises by the batch when training, else by the running statistics. */
  forward(x: Tensor, epilogue: BatchNormEpilogue = {}): Tensor {
    const { weight, bias, running_mean: runningMean, running_var: runningVar } = this;
    const batches = this.num_batches_tracked;
    const tensors = { weight, bias, runningMean, runningVar };
    const folded = this.training
      ? null
      : foldedNorm(x, { ...tensors, eps: this.#options.eps }, epilogue);
    return folded ?? batchNorm(x, { ...tensors, batches }, {
      training: this.training,
      ...this.#options,
      ...epilogue,
    });
  }

  /** As PyTorch's. */
  override extraRepr(): string {
    const { eps, momentum } = this.#options;
    return `${this.weight.numel}, eps=${
      pythonFloat(eps)
    }, momentum=${momentum}, affine=True, bias=True, ` +
      `track_running_stats=True`;
  }

  /** The running statistics and the counter. */
  protected override bufferNames(): readonly string[] {
    return ["running_mean", "running_var", "num_batches_tracked"];
  }
}
