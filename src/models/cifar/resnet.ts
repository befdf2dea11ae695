import { BatchNorm2d } from "../../nn/batch_norm2d.ts";
import type { Conv2d } from "../../nn/conv2d.ts";
import { Linear } from "../../nn/linear.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { BasicBlock } from "../blocks/basic_block.ts";
import { kaimingConv } from "../blocks/layers.ts";
import { type ResidualStage, residualStage } from "../blocks/residual_stage.ts";
import { classifyStages } from "../blocks/stage.ts";
import type { ModelFamilyDefinition } from "../family.ts";
import { Model, type ModelFactory, type ModelOptions, type ModelOutput } from "../model.ts";

/** Depth and widths of a {@linkcode CifarResNet}. */
interface CifarResNetShape {
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
  readonly layer1: ResidualStage;
  /** Stage of half the height and width. */
  readonly layer2: ResidualStage;
  /** Stage of a quarter of the height and width. */
  readonly layer3: ResidualStage;
  /** From the pooled features to the logits. */
  readonly fc: Linear;

  /** Convolutions are Kaiming normal (fan out), batch norms 1 and 0. */
  constructor({ depth, channels }: CifarResNetShape, options: ModelOptions = {}) {
    super();
    const { numClasses = 100, inChannels = 3 } = options;
    const blocks = (depth - 2) / 6;
    this.stageChannels = channels;
    const [stem, first, second, third] = channels;
    this.conv1 = kaimingConv(inChannels, stem, 3);
    this.bn1 = new BatchNorm2d(stem);
    this.layer1 = residualStage(BasicBlock, stem, first, blocks, { stride: 1 });
    this.layer2 = residualStage(BasicBlock, first, second, blocks, { stride: 2 });
    this.layer3 = residualStage(BasicBlock, second, third, blocks, { stride: 2 });
    this.fc = new Linear(third, numClasses);
  }

  /** The same as `fc`. */
  override get classifier(): Linear {
    return this.fc;
  }

  /** Of all stages. */
  override get normsBeforeRelu(): readonly BatchNorm2d[] {
    return [this.layer1, this.layer2, this.layer3].map(({ last }) => last.lastNorm);
  }

  /** Images [N, inChannels, H, W], 32 x 32 in CIFAR. */
  override forward(images: Tensor): ModelOutput {
    const stem = this.bn1.forward(this.conv1.forward(images), { relu: true });
    return classifyStages(this.fc, stem, [this.layer1, this.layer2, this.layer3]);
  }
}

const NARROW: CifarResNetShape["channels"] = [16, 16, 32, 64];
const WIDE: CifarResNetShape["channels"] = [32, 64, 128, 256];

const resnet = (depth: number, channels = NARROW): ModelFactory => (options) =>
  new CifarResNet({ depth, channels }, options);

/** The authors' names. */
export const DEFINITION: ModelFamilyDefinition = {
  family: "cifar",
  models: {
    resnet8: resnet(8),
    resnet14: resnet(14),
    resnet20: resnet(20),
    resnet32: resnet(32),
    resnet44: resnet(44),
    resnet56: resnet(56),
    resnet110: resnet(110),
    resnet8x4: resnet(8, WIDE),
    resnet32x4: resnet(32, WIDE),
  },
};
