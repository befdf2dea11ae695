import { Module } from "../../nn/module.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { ConvNormRelu } from "../blocks/conv_norm_relu.ts";
import { kaimingConv } from "../blocks/kaiming_conv.ts";

/** A wide depthwise convolution between two narrow ends (Sandler et al., 2018). mdistiller: `InvertedResidual`. */
export class InvertedResidual extends Module {
  /** 1 x 1 to the wide middle, 3 x 3 depthwise, 1 x 1 back, without ReLU at the end. */
  readonly conv: ConvNormRelu;
  readonly #residual: boolean;

  /** `expansion`: width of the middle for one input channel. */
  constructor(inChannels: number, outChannels: number, stride: number, expansion: number) {
    super();
    const middle = inChannels * expansion;
    this.conv = new ConvNormRelu(
      kaimingConv(inChannels, middle, 1),
      kaimingConv(middle, middle, 3, { stride, groups: middle }),
      kaimingConv(middle, outChannels, 1),
    );
    this.#residual = stride === 1 && inChannels === outChannels;
  }

  /** [N, inChannels, H, W] to [N, outChannels, H / stride, W / stride]. */
  forward(x: Tensor): Tensor {
    return this.conv.forward(x, this.#residual ? { residual: x } : {});
  }
}
