import type { Gpu } from "../gpu/gpu.ts";
import { conv2d, type ConvOptions } from "../ops/conv/conv2d.ts";
import { pair } from "../ops/pool/geometry.ts";
import { checkOptions, type OptionNames } from "../options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { convRepr } from "./conv_repr.ts";
import { foldedConv } from "./folding.ts";
import { defaultWeightAndBias, requireSizes } from "./init.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** Options of {@linkcode Conv2d}. */
export interface Conv2dOptions extends ConvOptions {
  /** A number for both directions, or `[vertical, horizontal]`. */
  kernelSize: number | readonly [number, number];
  /** Default true. */
  bias?: boolean;
  /** Default: the device of `init()`. */
  device?: Gpu;
}

const OPTIONS: OptionNames<Conv2dOptions> = {
  ...{ kernelSize: true, bias: true, device: true },
  ...{ stride: true, padding: true, dilation: true, groups: true },
};

/** 2-D convolution. PyTorch: `torch.nn.Conv2d`, with its initialisation. */
export class Conv2d extends Module {
  /** [out, in / groups, KH, KW] */
  readonly weight: Tensor;
  /** [out], or null. */
  readonly bias: Tensor | null;
  readonly #options: ConvOptions;

  /** Weights and bias are drawn from the generator of `manualSeed`. */
  constructor(inChannels: number, outChannels: number, options: Conv2dOptions) {
    super();
    checkOptions<Conv2dOptions>("Conv2d()", options, OPTIONS);
    const { kernelSize, bias: biased = true, device, ...rest } = options;
    const { groups = 1 } = rest;
    const [height, width] = pair(kernelSize);
    requireSizes("Conv2d()", { inChannels, outChannels, groups, height, width });
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new RangeError(
        `Conv2d() of ${inChannels} to ${outChannels} channels in ${groups} groups: multiples of the ` +
          "groups wanted",
      );
    }
    const shape = [outChannels, inChannels / groups, height, width];
    const { weight, bias } = defaultWeightAndBias(shape, outChannels);
    this.weight = new Parameter(weight, { shape, device });
    this.bias = biased ? new Parameter(bias, { device }) : null;
    this.#options = rest;
  }

  /** As PyTorch's. */
  override extraRepr(): string {
    return convRepr(this, this.#options, false);
  }

  /** [N, in, H, W] to [N, out, H', W']. */
  forward(x: Tensor): Tensor {
    const { weight, bias } = this;
    const options = this.#options;
    return foldedConv(x, { weight, bias, options }) ?? conv2d(x, weight, bias, options);
  }
}
