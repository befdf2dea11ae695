import { BatchNorm2d } from "../../nn/batch_norm2d.ts";
import { Conv2d } from "../../nn/conv2d.ts";
import { kaimingNormal } from "../../nn/init.ts";
import { Linear } from "../../nn/linear.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { BasicBlock } from "../blocks/basic_block.ts";
import { kaimingConv } from "../blocks/layers.ts";
import { type ResidualStage, residualStage } from "../blocks/residual_stage.ts";
import { classifyStages } from "../blocks/stage.ts";
import type { ModelFamilyDefinition } from "../family.ts";
import { Model, type ModelFactory, type ModelOptions, type ModelOutput } from "../model.ts";

const WIDTHS = [16, 32, 64] as const;

/**
 * The ResNet of the CIFAR-10 experiments of He et al. (2016) with their shortcuts of option A, which have no parameters:
 * where a stage halves the planes, every second pixel, and zeros for the channels that are new. The classifier is `linear`.
 * github akamaster/pytorch_resnet_cifar10, whose published weights fit: `ResNet` of `resnet.py`.
 */
class CifarResNetA extends Model {
  /** Of the stem and of the three stages. */
  override readonly stageChannels: readonly number[] = [WIDTHS[0], ...WIDTHS];
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
  readonly linear: Linear;

  /**
   * Convolutions and the classifier's weight are Kaiming normal (fan in), batch norms 1 and 0.
   *
   * @param depth layers: 6 n + 2 for n blocks a stage
   */
  constructor(depth: number, options: ModelOptions = {}) {
    super();
    const { numClasses = 100, inChannels = 3 } = options;
    const blocks = (depth - 2) / 6;
    const [first, second, third] = WIDTHS;
    const stage = (from: number, to: number, stride: number) =>
      residualStage(BasicBlock, from, to, blocks, { stride, shortcut: "zeros" });
    this.conv1 = kaimingConv(inChannels, first, 3);
    this.bn1 = new BatchNorm2d(first);
    this.layer1 = stage(first, first, 1);
    this.layer2 = stage(first, second, 2);
    this.layer3 = stage(second, third, 2);
    this.linear = new Linear(third, numClasses);
    for (const { weight } of [...this.modules()].filter(hasWeights)) {
      weight.copy_(kaimingNormal(weight.shape, { mode: "fan_in", nonlinearity: "relu" }));
    }
  }

  /** The same as `linear`. */
  override get classifier(): Linear {
    return this.linear;
  }

  /** Of all stages. */
  override get normsBeforeRelu(): readonly BatchNorm2d[] {
    return [this.layer1, this.layer2, this.layer3].map(({ last }) => last.lastNorm);
  }

  /** Images [N, inChannels, H, W], 32 x 32 in CIFAR. */
  override forward(images: Tensor): ModelOutput {
    const stem = this.bn1.forward(this.conv1.forward(images), { relu: true });
    return classifyStages(this.linear, stem, [this.layer1, this.layer2, this.layer3]);
  }
}

function hasWeights(module: unknown): module is Conv2d | Linear {
  return module instanceof Conv2d || module instanceof Linear;
}

const resnet = (depth: number): ModelFactory => (options) => new CifarResNetA(depth, options);

/** The names that the published files have, with an A for the shortcuts. */
export const DEFINITION: ModelFamilyDefinition = {
  family: "cifar",
  models: {
    resnet20A: resnet(20),
    resnet32A: resnet(32),
    resnet44A: resnet(44),
    resnet56A: resnet(56),
    resnet110A: resnet(110),
  },
};
