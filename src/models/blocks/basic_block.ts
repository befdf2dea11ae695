import { BatchNorm2d, type BatchNormEpilogue } from "../../nn/batch_norm2d.ts";
import type { Conv2d } from "../../nn/conv2d.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { kaimingConv } from "./layers.ts";
import { ResidualBlock, type ResidualBlockOptions } from "./residual_block.ts";

/** Two 3 x 3 convolutions with a shortcut. torchvision, mdistiller: `BasicBlock`. */
export class BasicBlock extends ResidualBlock {
  /** Channels of the output for one of `channels`. */
  static readonly expansion = 1;
  /** 3 x 3, with the stride of the block. */
  readonly conv1: Conv2d;
  /** Followed by ReLU. */
  readonly bn1: BatchNorm2d;
  /** 3 x 3, stride 1. */
  readonly conv2: Conv2d;
  /** Followed by the shortcut and ReLU. */
  readonly bn2: BatchNorm2d;

  /** From `inChannels` to `channels`. */
  constructor(inChannels: number, channels: number, options: ResidualBlockOptions = {}) {
    super(options);
    const { stride = 1 } = options;
    this.conv1 = kaimingConv(inChannels, channels, 3, { stride });
    this.bn1 = new BatchNorm2d(channels);
    this.conv2 = kaimingConv(channels, channels, 3);
    this.bn2 = new BatchNorm2d(channels);
    this.makeShortcut(inChannels, channels, stride);
  }

  /** The same as `bn2`. */
  override get lastNorm(): BatchNorm2d {
    return this.bn2;
  }

  /** Both convolutions. */
  protected override branch(x: Tensor, last: BatchNormEpilogue): Tensor {
    const hidden = this.bn1.forward(this.conv1.forward(x), { relu: true });
    return this.bn2.forward(this.conv2.forward(hidden), last);
  }
}
