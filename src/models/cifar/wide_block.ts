import { BatchNorm2d } from "../../nn/batch_norm2d.ts";
import type { Conv2d } from "../../nn/conv2d.ts";
import { Module } from "../../nn/module.ts";
import { Sequential } from "../../nn/sequential.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { kaimingConv } from "../blocks/layers.ts";

/** Normalisation and ReLU before each of two 3 x 3 convolutions, with a shortcut. mdistiller: `wrn.BasicBlock`. */
class WideBlock extends Module {
  /** Of the input, followed by ReLU. */
  readonly bn1: BatchNorm2d;
  /** 3 x 3, with the stride of the block. */
  readonly conv1: Conv2d;
  /** Followed by ReLU. */
  readonly bn2: BatchNorm2d;
  /** 3 x 3, stride 1. */
  readonly conv2: Conv2d;
  /** The shortcut where the channels change, from behind `bn1`; else null. */
  readonly convShortcut: Conv2d | null;

  /** `stride` above 1 halves (thirds, ...) the planes. */
  constructor(inChannels: number, channels: number, stride: number) {
    super();
    this.bn1 = new BatchNorm2d(inChannels);
    this.conv1 = kaimingConv(inChannels, channels, 3, { stride });
    this.bn2 = new BatchNorm2d(channels);
    this.conv2 = kaimingConv(channels, channels, 3);
    this.convShortcut = inChannels !== channels
      ? kaimingConv(inChannels, channels, 1, { stride })
      : null;
  }

  /** [N, inChannels, H, W] to [N, channels, H / stride, W / stride]. */
  forward(x: Tensor): Tensor {
    const active = this.bn1.forward(x, { relu: true });
    const hidden = this.bn2.forward(this.conv1.forward(active), { relu: true });
    const shortcut = this.convShortcut ? this.convShortcut.forward(active) : x;
    return shortcut.add(this.conv2.forward(hidden));
  }
}

/** Blocks of equal width; the first has the stride. mdistiller: `wrn.NetworkBlock`. */
export class WideStage extends Module {
  /** The blocks, first to last. */
  readonly layer: Sequential<WideBlock>;

  /** `blocks`: how many. */
  constructor(inChannels: number, channels: number, blocks: number, stride: number) {
    super();
    this.layer = new Sequential(
      ...Array.from(
        { length: blocks },
        (_, i) => new WideBlock(i === 0 ? inChannels : channels, channels, i === 0 ? stride : 1),
      ),
    );
  }

  /** The first block's normalisation. */
  get firstNorm(): BatchNorm2d {
    return this.layer.layers[0].bn1;
  }

  /** [N, inChannels, H, W] to [N, channels, H / stride, W / stride]. */
  forward(x: Tensor): Tensor {
    return this.layer.forward(x);
  }
}
