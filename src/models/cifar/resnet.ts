import { BatchNorm2d } from "../../nn/batch_norm2d.ts";
import type { Conv2d } from "../../nn/conv2d.ts";
import { Linear } from "../../nn/linear.ts";
import { Sequential } from "../../nn/sequential.ts";
import { adaptiveAvgPool2d } from "../../ops/adaptive_avg_pool2d.ts";
import { reshape } from "../../ops/reshape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Model, type ModelOptions, type ModelOutput } from "../model.ts";
import { BasicBlock } from "./basic_block.ts";
import { kaimingConv } from "./kaiming_conv.ts";

/** Depth and widths of a {@linkcode CifarResNet}. */
export interface CifarResNetShape {
  /** Layers: 6 n + 2 for n blocks a stage. */
  readonly depth: number;
  /** Channels of the stem and of the three stages. */
  readonly channels: readonly [number, number, number, number];
}

/** The ResNet for small images: a stem and three stages (He et al., 2016). mdistiller: `ResNet`. */
export class CifarResNet extends Model {
  /** Of the stem and of the three stages. */
  override readonly stageChannels: readonly number[];
  /** The stem, 3 x 3. */
  readonly conv1: Conv2d;
  /** The stem's, followed by ReLU. */
  readonly bn1: BatchNorm2d;
  /** Stage of full-size planes. */
  readonly layer1: Sequential<BasicBlock>;
  /** Stage of half the height and width. */
  readonly layer2: Sequential<BasicBlock>;
  /** Stage of a quarter of the height and width. */
  readonly layer3: Sequential<BasicBlock>;
  /** From the pooled features to the logits. */
  readonly fc: Linear;

  /** Convolutions are Kaiming normal (fan out), batch norms 1 and 0. */
  constructor({ depth, channels }: CifarResNetShape, options: ModelOptions = {}) {
    super();
    const { numClasses = 100, inChannels = 3 } = options;
    const blocks = (depth - 2) / 6;
    this.stageChannels = channels;
    const [stem, first, second, third] = channels;
    this.conv1 = kaimingConv(inChannels, stem, 3, 1);
    this.bn1 = new BatchNorm2d(stem);
    this.layer1 = stage(stem, first, blocks, 1);
    this.layer2 = stage(first, second, blocks, 2);
    this.layer3 = stage(second, third, blocks, 2);
    this.fc = new Linear(third, numClasses);
  }

  /** The same as `fc`. */
  override get classifier(): Linear {
    return this.fc;
  }

  /** Images [N, inChannels, H, W], 32 x 32 in CIFAR. */
  override forward(images: Tensor): ModelOutput {
    let x = this.bn1.forward(this.conv1.forward(images), { relu: true });
    const feats = [x];
    const preactFeats = [x];
    for (const { layers } of [this.layer1, this.layer2, this.layer3]) {
      for (const block of layers.slice(0, -1)) x = block.forward(x);
      const { output, preact } = layers.at(-1)!.forwardWithPreact(x);
      feats.push(output);
      preactFeats.push(preact);
      x = output;
    }
    const pooledFeat = reshape(adaptiveAvgPool2d(x, 1), [x.shape[0], x.shape[1]]);
    const logits = this.fc.forward(pooledFeat);
    return { logits, features: { feats, preactFeats, pooledFeat } };
  }
}

function stage(
  inChannels: number,
  channels: number,
  blocks: number,
  stride: number,
): Sequential<BasicBlock> {
  return new Sequential(
    ...Array.from(
      { length: blocks },
      (_, i) =>
        i === 0
          ? new BasicBlock(inChannels, channels, stride)
          : new BasicBlock(channels, channels, 1),
    ),
  );
}
