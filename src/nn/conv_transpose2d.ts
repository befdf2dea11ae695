import type { Gpu } from "../gpu/gpu.ts";
import { convTranspose2d, type ConvTransposeOptions } from "../ops/conv/conv_transpose2d.ts";
import { pair } from "../ops/pool/geometry.ts";
import { checkOptions, type OptionNames } from "../options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { convRepr } from "./conv_repr.ts";
import { defaultWeightAndBias, requireSizes } from "./init.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** Options of {@linkcode ConvTranspose2d}. */
export interface ConvTranspose2dOptions extends ConvTransposeOptions {
  /** A number for both directions, or `[vertical, horizontal]`. */
  kernelSize: number | readonly [number, number];
  /** Default true. */
  bias?: boolean;
  /** Default: the device of `init()`. */
  device?: Gpu;
}

const OPTIONS: OptionNames<ConvTranspose2dOptions> = {
  ...{ kernelSize: true, bias: true, device: true },
  ...{ stride: true, padding: true, dilation: true, groups: true, outputPadding: true },
};

/** Transposed 2-D convolution. PyTorch: `torch.nn.ConvTranspose2d`, with its initialisation. */
export class ConvTranspose2d extends Module {
  /** [in, out / groups, KH, KW] */
  readonly weight: Tensor;
  /** [out], or null. */
  readonly bias: Tensor | null;
  readonly #options: ConvTransposeOptions;

  /** Weights and bias are drawn from the generator of `manualSeed`. */
  constructor(inChannels: number, outChannels: number, options: ConvTranspose2dOptions) {
    super();
    checkOptions<ConvTranspose2dOptions>("ConvTranspose2d()", options, OPTIONS);
    const { kernelSize, bias: biased = true, device, ...rest } = options;
    const { groups = 1 } = rest;
    const [height, width] = pair(kernelSize);
    requireSizes("ConvTranspose2d()", { inChannels, outChannels, groups, height, width });
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new RangeError(
        `ConvTranspose2d() of ${inChannels} to ${outChannels} channels in ${groups} groups: multiples of the ` +
          "groups wanted",
      );
    }
    const shape = [inChannels, outChannels / groups, height, width];
    const { weight, bias } = defaultWeightAndBias(shape, outChannels);
    this.weight = new Parameter(weight, { shape, device });
    this.bias = biased ? new Parameter(bias, { device }) : null;
    this.#options = rest;
  }

  /** As PyTorch's. */
  override extraRepr(): string {
    return convRepr(this, this.#options, true);
  }

  /** [N, in, H, W] to [N, out, H', W']. */
  forward(x: Tensor): Tensor {
    return convTranspose2d(x, this.weight, this.bias, this.#options);
  }
}
