import { BatchNorm2d, type BatchNormEpilogue } from "../../nn/batch_norm2d.ts";
import type { Conv2d } from "../../nn/conv2d.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { kaimingConv } from "./layers.ts";
import { ResidualBlock, type ResidualBlockOptions } from "./residual_block.ts";

/**
 * A 3 x 3 convolution between two of 1 x 1 with a shortcut; the stride is in the 3 x 3. torchvision, mdistiller:
 * `Bottleneck`.
 */
export class Bottleneck extends ResidualBlock {
  /** Channels of the output for one of `channels`. */
  static readonly expansion = 4;
  /** 1 x 1. */
  readonly conv1: Conv2d;
  /** Followed by ReLU. */
  readonly bn1: BatchNorm2d;
  /** 3 x 3, with the stride of the block. */
  readonly conv2: Conv2d;
  /** Followed by ReLU. */
  readonly bn2: BatchNorm2d;
  /** 1 x 1, to four times the channels. */
  readonly conv3: Conv2d;
  /** Followed by the shortcut and ReLU. */
  readonly bn3: BatchNorm2d;

  /** From `inChannels` to `4 * channels`. */
  constructor(inChannels: number, channels: number, options: ResidualBlockOptions = {}) {
    super(options);
    const { stride = 1 } = options;
    const outChannels = channels * Bottleneck.expansion;
    this.conv1 = kaimingConv(inChannels, channels, 1);
    this.bn1 = new BatchNorm2d(channels);
    this.conv2 = kaimingConv(channels, channels, 3, { stride });
    this.bn2 = new BatchNorm2d(channels);
    this.conv3 = kaimingConv(channels, outChannels, 1);
    this.bn3 = new BatchNorm2d(outChannels);
    this.makeShortcut(inChannels, outChannels, stride);
  }

  /** The same as `bn3`. */
  override get lastNorm(): BatchNorm2d {
    return this.bn3;
  }

  /** The three convolutions. */
  protected override branch(x: Tensor, last: BatchNormEpilogue): Tensor {
    const narrow = this.bn1.forward(this.conv1.forward(x), { relu: true });
    const hidden = this.bn2.forward(this.conv2.forward(narrow), { relu: true });
    return this.bn3.forward(this.conv3.forward(hidden), last);
  }
}
