import { BatchNorm2d } from "../../nn/batch_norm2d.ts";
import type { Conv2d } from "../../nn/conv2d.ts";
import { Module } from "../../nn/module.ts";
import { cat } from "../../ops/shape/cat.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { channelShuffle } from "../blocks/channel_shuffle.ts";
import { plainConv } from "../blocks/layers.ts";

/** Two branches that halve the planes, shuffled. mdistiller: `ShuffleNetv2.DownBlock`. */
export class ShuffleV2DownBlock extends Module {
  /** Left branch: 3 x 3, depthwise, stride 2. */
  readonly conv1: Conv2d;
  /** Followed by the next convolution. */
  readonly bn1: BatchNorm2d;
  /** Left branch: 1 x 1. */
  readonly conv2: Conv2d;
  /** Followed by ReLU. */
  readonly bn2: BatchNorm2d;
  /** Right branch: 1 x 1. */
  readonly conv3: Conv2d;
  /** Followed by ReLU. */
  readonly bn3: BatchNorm2d;
  /** Right branch: 3 x 3, depthwise, stride 2. */
  readonly conv4: Conv2d;
  /** Followed by the next convolution. */
  readonly bn4: BatchNorm2d;
  /** Right branch: 1 x 1. */
  readonly conv5: Conv2d;
  /** Followed by ReLU. */
  readonly bn5: BatchNorm2d;

  /** `outChannels`: of both branches together, an even number. */
  constructor(inChannels: number, outChannels: number) {
    super();
    const half = outChannels / 2;
    this.conv1 = plainConv(inChannels, inChannels, 3, { stride: 2, groups: inChannels });
    this.bn1 = new BatchNorm2d(inChannels);
    this.conv2 = plainConv(inChannels, half, 1);
    this.bn2 = new BatchNorm2d(half);
    this.conv3 = plainConv(inChannels, half, 1);
    this.bn3 = new BatchNorm2d(half);
    this.conv4 = plainConv(half, half, 3, { stride: 2, groups: half });
    this.bn4 = new BatchNorm2d(half);
    this.conv5 = plainConv(half, half, 1);
    this.bn5 = new BatchNorm2d(half);
  }

  /** [N, inChannels, H, W] to [N, outChannels, H / 2, W / 2]. */
  forward(x: Tensor): Tensor {
    const small = this.bn1.forward(this.conv1.forward(x));
    const left = this.bn2.forward(this.conv2.forward(small), { relu: true });
    const wide = this.bn3.forward(this.conv3.forward(x), { relu: true });
    const hidden = this.bn4.forward(this.conv4.forward(wide));
    const right = this.bn5.forward(this.conv5.forward(hidden), { relu: true });
    return channelShuffle(cat([left, right], 1), 2);
  }
}
