import { BatchNorm2d, type BatchNormEpilogue } from "../../nn/batch_norm2d.ts";
import type { Conv2d } from "../../nn/conv2d.ts";
import { Module } from "../../nn/module.ts";
import { avgPool2d } from "../../ops/pool/avg_pool2d.ts";
import { cat } from "../../ops/shape/cat.ts";
import { relu } from "../../ops/elementwise/unary.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { channelShuffle } from "../blocks/channel_shuffle.ts";
import { plainConv } from "../blocks/layers.ts";
import type { PreactOutput } from "../blocks/stage.ts";

/** Grouped 1 x 1 convolutions around a depthwise one, with a shortcut. mdistiller: `ShuffleNetv1.Bottleneck`. */
export class ShuffleV1Block extends Module {
  /** 1 x 1, grouped, to a quarter of `outChannels`; its channels are shuffled behind `bn1`. */
  readonly conv1: Conv2d;
  /** Followed by ReLU. */
  readonly bn1: BatchNorm2d;
  /** 3 x 3, depthwise, with the stride of the block. */
  readonly conv2: Conv2d;
  /** Followed by ReLU. */
  readonly bn2: BatchNorm2d;
  /** 1 x 1, grouped. */
  readonly conv3: Conv2d;
  /** Followed by the shortcut and ReLU. */
  readonly bn3: BatchNorm2d;
  readonly #stride: number;
  readonly #groups: number;

  /** `outChannels`: of the convolutions; with stride 2 those of the averaged input come behind them. */
  constructor(
    inChannels: number,
    outChannels: number,
    stride: number,
    options: { groups: number; firstGroups: number },
  ) {
    super();
    const { groups, firstGroups } = options;
    const middle = Math.floor(outChannels / 4);
    this.conv1 = plainConv(inChannels, middle, 1, { groups: firstGroups });
    this.bn1 = new BatchNorm2d(middle);
    this.conv2 = plainConv(middle, middle, 3, { stride, groups: middle });
    this.bn2 = new BatchNorm2d(middle);
    this.conv3 = plainConv(middle, outChannels, 1, { groups });
    this.bn3 = new BatchNorm2d(outChannels);
    this.#stride = stride;
    this.#groups = firstGroups;
  }

  /** [N, inChannels, H, W] to [N, out, H / stride, W / stride]. */
  forward(x: Tensor): Tensor {
    if (this.#stride !== 1) return relu(this.#halved(x));
    return this.#branch(x, { relu: true, residual: x });
  }

  /** The output behind and before its last ReLU. */
  forwardWithPreact(x: Tensor): PreactOutput {
    const preact = this.#stride === 1 ? this.#branch(x, { residual: x }) : this.#halved(x);
    return { output: relu(preact), preact };
  }

  #halved(x: Tensor): Tensor {
    const shortcut = avgPool2d(x, { kernelSize: 3, stride: this.#stride, padding: 1 });
    return cat([this.#branch(x, {}), shortcut], 1);
  }

  #branch(x: Tensor, last: BatchNormEpilogue): Tensor {
    const narrow = this.bn1.forward(this.conv1.forward(x), { relu: true });
    const shuffled = channelShuffle(narrow, this.#groups);
    const hidden = this.bn2.forward(this.conv2.forward(shuffled), { relu: true });
    return this.bn3.forward(this.conv3.forward(hidden), last);
  }
}
