import { BatchNorm2d } from "../../nn/batch_norm2d.ts";
import type { Conv2d } from "../../nn/conv2d.ts";
import { Sequential } from "../../nn/sequential.ts";
import { kaimingConv } from "./kaiming_conv.ts";

/** The shortcut of a block that changes size: a strided 1 x 1 convolution and batch normalisation. */
export class Downsample extends Sequential<Conv2d | BatchNorm2d> {
  /** [N, inChannels, H, W] to [N, channels, H / stride, W / stride]. */
  constructor(inChannels: number, channels: number, stride: number) {
    super(kaimingConv(inChannels, channels, 1, { stride }), new BatchNorm2d(channels));
  }
}
