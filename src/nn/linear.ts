import { linear } from "../ops/linear.ts";
import { tensor } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { defaultWeightAndBias } from "./init.ts";
import { Module } from "./module.ts";

/** Options of {@linkcode Linear}. */
export interface LinearOptions {
  /** Default true. */
  bias?: boolean;
}

/** `x weight^T + bias`. PyTorch: `torch.nn.Linear`, with its initialisation. */
export class Linear extends Module {
  /** [out, in] */
  readonly weight: Tensor;
  /** [out], or null. */
  readonly bias: Tensor | null;

  /** Weights and bias are drawn from the generator of `manualSeed`. */
  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    const shape = [outFeatures, inFeatures];
    const { weight, bias } = defaultWeightAndBias(shape, outFeatures);
    this.weight = tensor(weight, shape, { requiresGrad: true }).keep();
    this.bias = options.bias === false ? null : tensor(bias, null, { requiresGrad: true }).keep();
  }

  /** [N, in] to [N, out]. */
  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }
}
