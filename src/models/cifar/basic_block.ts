import { BatchNorm2d } from "../../nn/batch_norm2d.ts";
import type { Conv2d } from "../../nn/conv2d.ts";
import { Module } from "../../nn/module.ts";
import { relu } from "../../ops/relu.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Downsample } from "./downsample.ts";
import { kaimingConv } from "./kaiming_conv.ts";

/** Two 3 x 3 convolutions with a shortcut (He et al., 2016). mdistiller: `BasicBlock`. */
export class BasicBlock extends Module {
  /** 3 x 3, with the stride of the block. */
  readonly conv1: Conv2d;
  /** Followed by ReLU. */
  readonly bn1: BatchNorm2d;
  /** 3 x 3, stride 1. */
  readonly conv2: Conv2d;
  /** Followed by the shortcut and ReLU. */
  readonly bn2: BatchNorm2d;
  /** The shortcut where the size changes, else null. */
  readonly downsample: Downsample | null;

  /** `stride` above 1 halves (thirds, ...) the planes. */
  constructor(inChannels: number, channels: number, stride: number) {
    super();
    this.conv1 = kaimingConv(inChannels, channels, 3, stride);
    this.bn1 = new BatchNorm2d(channels);
    this.conv2 = kaimingConv(channels, channels, 3, 1);
    this.bn2 = new BatchNorm2d(channels);
    this.downsample = stride !== 1 || inChannels !== channels
      ? new Downsample(inChannels, channels, stride)
      : null;
  }

  /** [N, inChannels, H, W] to [N, channels, H / stride, W / stride]. */
  forward(x: Tensor): Tensor {
    return this.#second(x, true);
  }

  /** The output behind and before its last ReLU. */
  forwardWithPreact(x: Tensor): { output: Tensor; preact: Tensor } {
    const preact = this.#second(x, false);
    return { output: relu(preact), preact };
  }

  #second(x: Tensor, withRelu: boolean): Tensor {
    const hidden = this.bn1.forward(this.conv1.forward(x), { relu: true });
    const residual = this.downsample ? this.downsample.forward(x) : x;
    return this.bn2.forward(this.conv2.forward(hidden), { relu: withRelu, residual });
  }
}
