import { BatchNorm2d } from "../../nn/batch_norm2d.ts";
import type { Conv2d } from "../../nn/conv2d.ts";
import { Linear } from "../../nn/linear.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { BasicBlock } from "../blocks/basic_block.ts";
import { Bottleneck } from "../blocks/bottleneck.ts";
import { kaimingConv } from "../blocks/layers.ts";
import { type BlockKind, type ResidualStage, residualStage } from "../blocks/residual_stage.ts";
import { classifyStages } from "../blocks/stage.ts";
import type { ModelFamilyDefinition } from "../family.ts";
import { Model, type ModelOptions, type ModelOutput } from "../model.ts";

/**
 * ImageNet's ResNet with a 3 x 3 stem and no pooling behind it, for small images. mdistiller: `resnetv2.py`, the
 * ResNet18 and ResNet50 of its CIFAR models.
 */
class CifarResNetV2 extends Model {
  /** Of the stem and of the four stages. */
  override readonly stageChannels: readonly number[];
  /** The stem, 3 x 3. */
  readonly conv1: Conv2d;
  /** The stem's, followed by ReLU. */
  readonly bn1: BatchNorm2d;
  /** Stage of full-size planes. */
  readonly layer1: ResidualStage;
  /** Stage of half the height and width. */
  readonly layer2: ResidualStage;
  /** Stage of a quarter of the height and width. */
  readonly layer3: ResidualStage;
  /** Stage of an eighth of the height and width. */
  readonly layer4: ResidualStage;
  /** From the pooled features to the logits. */
  readonly linear: Linear;

  /** `blocks`: of each stage. Convolutions are Kaiming normal (fan out), batch norms 1 and 0. */
  constructor(
    Block: BlockKind,
    blocks: readonly [number, number, number, number],
    options: ModelOptions = {},
  ) {
    super();
    const { numClasses = 100, inChannels = 3 } = options;
    const out = (channels: number) => channels * Block.expansion;
    const stage = (from: number, channels: number, count: number, stride: number) =>
      residualStage(Block, from, channels, count, { stride, shortcutName: "shortcut" });
    this.stageChannels = [64, out(64), out(128), out(256), out(512)];
    this.conv1 = kaimingConv(inChannels, 64, 3);
    this.bn1 = new BatchNorm2d(64);
    this.layer1 = stage(64, 64, blocks[0], 1);
    this.layer2 = stage(out(64), 128, blocks[1], 2);
    this.layer3 = stage(out(128), 256, blocks[2], 2);
    this.layer4 = stage(out(256), 512, blocks[3], 2);
    this.linear = new Linear(out(512), numClasses);
  }

  /** The same as `linear`. */
  override get classifier(): Linear {
    return this.linear;
  }

  /** Of all stages. */
  override get normsBeforeRelu(): readonly BatchNorm2d[] {
    return [this.layer1, this.layer2, this.layer3, this.layer4].map(({ last }) => last.lastNorm);
  }

  /** Images [N, inChannels, H, W], 32 x 32 in CIFAR. */
  override forward(images: Tensor): ModelOutput {
    const stem = this.bn1.forward(this.conv1.forward(images), { relu: true });
    const stages = [this.layer1, this.layer2, this.layer3, this.layer4];
    return classifyStages(this.linear, stem, stages);
  }
}

/** The authors' names. */
export const DEFINITION: ModelFamilyDefinition = {
  family: "cifar",
  models: {
    ResNet18: (options) => new CifarResNetV2(BasicBlock, [2, 2, 2, 2], options),
    ResNet50: (options) => new CifarResNetV2(Bottleneck, [3, 4, 6, 3], options),
  },
};
