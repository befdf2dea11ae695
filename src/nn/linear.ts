import type { Gpu } from "../gpu/gpu.ts";
import { linear } from "../ops/matmul/linear.ts";
import { checkOptions } from "../options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { defaultWeightAndBias, requireSizes } from "./init.ts";
import { Module } from "./module.ts";
import { pythonBool } from "./module_text.ts";
import { Parameter } from "./parameter.ts";

/** Options of {@linkcode Linear}. */
export interface LinearOptions {
  /** Default true. */
  bias?: boolean;
  /** Default: the device of `init()`. */
  device?: Gpu;
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
    checkOptions<LinearOptions>("Linear()", options, { bias: true, device: true });
    requireSizes("Linear()", { inFeatures, outFeatures });
    const { device } = options;
    const shape = [outFeatures, inFeatures];
    const { weight, bias } = defaultWeightAndBias(shape, outFeatures);
    this.weight = new Parameter(weight, { shape, device });
    this.bias = options.bias === false ? null : new Parameter(bias, { device });
  }

  /** As PyTorch's. */
  override extraRepr(): string {
    const [outputs, inputs] = this.weight.shape;
    const bias = pythonBool(this.bias !== null);
    return `in_features=${inputs}, out_features=${outputs}, bias=${bias}`;
  }

  /** [N, in] to [N, out]. */
  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }
}
