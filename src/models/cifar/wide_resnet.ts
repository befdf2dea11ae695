import { BatchNorm2d } from "../../nn/batch_norm2d.ts";
import type { Conv2d } from "../../nn/conv2d.ts";
import type { Linear } from "../../nn/linear.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { globalAverage } from "../blocks/global_average.ts";
import { kaimingConv, zeroBiasLinear } from "../blocks/layers.ts";
import type { ModelFamilyDefinition } from "../family.ts";
import { wantsPreact } from "../wanted_features.ts";
import { Model, type ModelFactory, type ModelOptions, type ModelOutput } from "../model.ts";
import { WideStage } from "./wide_block.ts";

/** The wide ResNet (Zagoruyko and Komodakis, 2016). mdistiller: `WideResNet`. */
class WideResNet extends Model {
  /** Of the stem and of the three stages. */
  override readonly stageChannels: readonly number[];
  /** The stem, 3 x 3, with nothing behind it. */
  readonly conv1: Conv2d;
  /** Stage of full-size planes. */
  readonly block1: WideStage;
  /** Stage of half the height and width. */
  readonly block2: WideStage;
  /** Stage of a quarter of the height and width. */
  readonly block3: WideStage;
  /** Behind the last stage, followed by ReLU. */
  readonly bn1: BatchNorm2d;
  /** From the pooled features to the logits. */
  readonly fc: Linear;

  /** `depth`: 6 n + 4 for n blocks a stage. `width`: factor of the channels 16, 32, 64. */
  constructor(depth: number, width: number, options: ModelOptions = {}) {
    super();
    const { numClasses = 100, inChannels = 3 } = options;
    const blocks = (depth - 4) / 6;
    const [stem, first, second, third] = [16, 16 * width, 32 * width, 64 * width];
    this.stageChannels = [stem, first, second, third];
    this.conv1 = kaimingConv(inChannels, stem, 3);
    this.block1 = new WideStage(stem, first, blocks, 1);
    this.block2 = new WideStage(first, second, blocks, 2);
    this.block3 = new WideStage(second, third, blocks, 2);
    this.bn1 = new BatchNorm2d(third);
    this.fc = zeroBiasLinear(third, numClasses);
  }

  /** The same as `fc`. */
  override get classifier(): Linear {
    return this.fc;
  }

  /** Those behind the stages, in the next one or at the end. */
  override get normsBeforeRelu(): readonly BatchNorm2d[] {
    return [this.block2.firstNorm, this.block3.firstNorm, this.bn1];
  }

  /**
   * Images [N, inChannels, H, W], 32 x 32 in CIFAR. A feature is the sum at the end of its stage, without ReLU. Before
   * the activation it is what the next normalisation makes of it; as in the authors' code, that normalisation runs a
   * second time for it, so that training moves its running statistics twice, whoever reads it.
   */
  override forward(images: Tensor): ModelOutput {
    const stem = this.conv1.forward(images);
    const first = this.block1.forward(stem);
    const second = this.block2.forward(first);
    const third = this.block3.forward(second);
    const pooledFeat = globalAverage(this.bn1.forward(third, { relu: true }));
    const logits = this.fc.forward(pooledFeat);
    const preactFeats = this.training || wantsPreact()
      ? [
        stem,
        this.block2.firstNorm.forward(first),
        this.block3.firstNorm.forward(second),
        this.bn1.forward(third),
      ]
      : [];
    return { logits, features: { feats: [stem, first, second, third], preactFeats, pooledFeat } };
  }
}

const wideResnet = (depth: number, width: number): ModelFactory => (options) =>
  new WideResNet(depth, width, options);

/** The authors' names. */
export const DEFINITION: ModelFamilyDefinition = {
  family: "cifar",
  models: {
    wrn_16_1: wideResnet(16, 1),
    wrn_16_2: wideResnet(16, 2),
    wrn_40_1: wideResnet(40, 1),
    wrn_40_2: wideResnet(40, 2),
  },
};
