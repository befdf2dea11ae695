import { BatchNorm2d } from "../../nn/batch_norm2d.ts";
import type { Conv2d } from "../../nn/conv2d.ts";
import { Module } from "../../nn/module.ts";
import { cat } from "../../ops/shape/cat.ts";
import { slice } from "../../ops/shape/slice.ts";
import { relu } from "../../ops/elementwise/unary.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { channelShuffle } from "../blocks/channel_shuffle.ts";
import { plainConv } from "../blocks/layers.ts";
import type { PreactOutput } from "../blocks/stage.ts";

/**
 * Half of the channels pass, the others go through three convolutions, then both are shuffled. mdistiller:
 * `ShuffleNetv2.BasicBlock`.
 */
export class ShuffleV2Block extends Module {
  /** 1 x 1. */
  readonly conv1: Conv2d;
  /** Followed by ReLU. */
  readonly bn1: BatchNorm2d;
  /** 3 x 3, depthwise. */
  readonly conv2: Conv2d;
  /** Followed by the next convolution. */
  readonly bn2: BatchNorm2d;
  /** 1 x 1. */
  readonly conv3: Conv2d;
  /** Followed by ReLU. */
  readonly bn3: BatchNorm2d;

  /** `channels`: of input and output, an even number. */
  constructor(channels: number) {
    super();
    const half = channels / 2;
    this.conv1 = plainConv(half, half, 1);
    this.bn1 = new BatchNorm2d(half);
    this.conv2 = plainConv(half, half, 3, { groups: half });
    this.bn2 = new BatchNorm2d(half);
    this.conv3 = plainConv(half, half, 1);
    this.bn3 = new BatchNorm2d(half);
  }

  /** [N, channels, H, W] to the same. */
  forward(x: Tensor): Tensor {
    const { passed, hidden } = this.#split(x);
    const output = this.bn3.forward(hidden, { relu: true });
    return channelShuffle(cat([passed, output], 1), 2);
  }

  /** The output, and what there is before the last ReLU and the shuffling. */
  forwardWithPreact(x: Tensor): PreactOutput {
    const { passed, hidden } = this.#split(x);
    const preact = this.bn3.forward(hidden);
    const output = channelShuffle(cat([passed, relu(preact)], 1), 2);
    return { output, preact: cat([passed, preact], 1) };
  }

  #split(x: Tensor): { passed: Tensor; hidden: Tensor } {
    const half = x.shape[1] / 2;
    const first = this.bn1.forward(this.conv1.forward(slice(x, 1, half)), { relu: true });
    const second = this.bn2.forward(this.conv2.forward(first));
    return { passed: slice(x, 1, 0, half), hidden: this.conv3.forward(second) };
  }
}
