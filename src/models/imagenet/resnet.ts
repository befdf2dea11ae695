import { BatchNorm2d } from "../../nn/batch_norm2d.ts";
import type { Conv2d } from "../../nn/conv2d.ts";
import { Linear } from "../../nn/linear.ts";
import { maxPool2d } from "../../ops/pool/max_pool2d.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { BasicBlock } from "../blocks/basic_block.ts";
import { Bottleneck } from "../blocks/bottleneck.ts";
import { kaimingConv } from "../blocks/layers.ts";
import { type BlockKind, type ResidualStage, residualStage } from "../blocks/residual_stage.ts";
import { classifyStages } from "../blocks/stage.ts";
import type { ModelFamilyDefinition } from "../family.ts";
import { Model, type ModelOptions, type ModelOutput } from "../model.ts";

/** The ResNet for large images (He et al., 2016). torchvision: `ResNet`, with its names. */
class ImageNetResNet extends Model {
  /** Of the stem and of the four stages. */
  override readonly stageChannels: readonly number[];
  /** The stem, 7 x 7, stride 2. */
  readonly conv1: Conv2d;
  /** The stem's, followed by ReLU and 3 x 3 pooling with stride 2. */
  readonly bn1: BatchNorm2d;
  /** Stage of a quarter of the height and width. */
  readonly layer1: ResidualStage;
  /** Stage of an eighth of the height and width. */
  readonly layer2: ResidualStage;
  /** Stage of a sixteenth of the height and width. */
  readonly layer3: ResidualStage;
  /** Stage of a thirty-second of the height and width. */
  readonly layer4: ResidualStage;
  /** From the pooled features to the logits. */
  readonly fc: Linear;

  /** `blocks`: of each stage. Convolutions are Kaiming normal (fan out), batch norms 1 and 0. */
  constructor(
    Block: BlockKind,
    blocks: readonly [number, number, number, number],
    options: ModelOptions = {},
  ) {
    super();
    const { numClasses = 1000, inChannels = 3 } = options;
    const out = (channels: number) => channels * Block.expansion;
    this.stageChannels = [64, out(64), out(128), out(256), out(512)];
    this.conv1 = kaimingConv(inChannels, 64, 7, { stride: 2 });
    this.bn1 = new BatchNorm2d(64);
    this.layer1 = residualStage(Block, 64, 64, blocks[0], { stride: 1 });
    this.layer2 = residualStage(Block, out(64), 128, blocks[1], { stride: 2 });
    this.layer3 = residualStage(Block, out(128), 256, blocks[2], { stride: 2 });
    this.layer4 = residualStage(Block, out(256), 512, blocks[3], { stride: 2 });
    this.fc = new Linear(out(512), numClasses);
  }

  /** The same as `fc`. */
  override get classifier(): Linear {
    return this.fc;
  }

  /** Of the stages but the first, which the authors' list leaves out. */
  override get normsBeforeRelu(): readonly BatchNorm2d[] {
    return [this.layer2, this.layer3, this.layer4].map(({ last }) => last.lastNorm);
  }

  /** Images [N, inChannels, H, W], 224 x 224 in ImageNet. The first feature is the stem before its pooling. */
  override forward(images: Tensor): ModelOutput {
    const stem = this.bn1.forward(this.conv1.forward(images), { relu: true });
    const pooled = maxPool2d(stem, { kernelSize: 3, stride: 2, padding: 1 });
    const stages = [this.layer1, this.layer2, this.layer3, this.layer4];
    return classifyStages(this.fc, stem, stages, pooled);
  }
}

/** The authors' names. */
export const DEFINITION: ModelFamilyDefinition = {
  family: "imagenet",
  models: {
    ResNet18: (options) => new ImageNetResNet(BasicBlock, [2, 2, 2, 2], options),
    ResNet34: (options) => new ImageNetResNet(BasicBlock, [3, 4, 6, 3], options),
    ResNet50: (options) => new ImageNetResNet(Bottleneck, [3, 4, 6, 3], options),
    ResNet101: (options) => new ImageNetResNet(Bottleneck, [3, 4, 23, 3], options),
  },
};
