import { conv2d, type ConvOptions } from "../ops/conv2d.ts";
import { tensor } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { defaultWeightAndBias } from "./init.ts";
import { Module } from "./module.ts";

/** Options of {@linkcode Conv2d}. */
export interface Conv2dOptions extends ConvOptions {
  /** A number for both directions, or `[vertical, horizontal]`. */
  kernelSize: number | readonly [number, number];
  /** Default true. */
  bias?: boolean;
}

/** 2-D convolution. PyTorch: `torch.nn.Conv2d`, with its initialisation. */
export class Conv2d extends Module {
  /** [out, in / groups, KH, KW] */
  readonly weight: Tensor;
  /** [out], or null. */
  readonly bias: Tensor | null;
  readonly #options: Conv2dOptions;

  /** Weights and bias are drawn from the generator of `manualSeed`. */
  constructor(inChannels: number, outChannels: number, options: Conv2dOptions) {
    super();
    const { kernelSize, groups = 1 } = options;
    const [height, width] = typeof kernelSize === "number" ? [kernelSize, kernelSize] : kernelSize;
    const shape = [outChannels, inChannels / groups, height, width];
    const { weight, bias } = defaultWeightAndBias(shape, outChannels);
    this.weight = tensor(weight, shape, { requiresGrad: true }).keep();
    this.bias = options.bias === false ? null : tensor(bias, null, { requiresGrad: true }).keep();
    this.#options = options;
  }

  /** [N, in, H, W] to [N, out, H', W']. */
  forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, this.bias, this.#options);
  }
}
