import { convTranspose2d, type ConvTransposeOptions } from "../ops/conv_transpose2d.ts";
import { tensor } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { defaultWeightAndBias } from "./init.ts";
import { Module } from "./module.ts";

/** Options of {@linkcode ConvTranspose2d}. */
export interface ConvTranspose2dOptions extends ConvTransposeOptions {
  /** A number for both directions, or `[vertical, horizontal]`. */
  kernelSize: number | readonly [number, number];
  /** Default true. */
  bias?: boolean;
}

/** Transposed 2-D convolution. PyTorch: `torch.nn.ConvTranspose2d`, with its initialisation. */
export class ConvTranspose2d extends Module {
  /** [in, out / groups, KH, KW] */
  readonly weight: Tensor;
  /** [out], or null. */
  readonly bias: Tensor | null;
  readonly #options: ConvTranspose2dOptions;

  /** Weights and bias are drawn from the generator of `manualSeed`. */
  constructor(inChannels: number, outChannels: number, options: ConvTranspose2dOptions) {
    super();
    const { kernelSize, groups = 1 } = options;
    const [height, width] = typeof kernelSize === "number" ? [kernelSize, kernelSize] : kernelSize;
    const shape = [inChannels, outChannels / groups, height, width];
    const { weight, bias } = defaultWeightAndBias(shape, outChannels);
    this.weight = tensor(weight, shape, { requiresGrad: true }).keep();
    this.bias = options.bias === false ? null : tensor(bias, null, { requiresGrad: true }).keep();
    this.#options = options;
  }

  /** [N, in, H, W] to [N, out, H', W']. */
  forward(x: Tensor): Tensor {
    return convTranspose2d(x, this.weight, this.bias, this.#options);
  }
}
