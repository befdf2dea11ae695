import type { BatchNorm2d } from "../../nn/batch_norm2d.ts";
import type { Linear } from "../../nn/linear.ts";
import { maxPool2d } from "../../ops/pool/max_pool2d.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { ConvNormRelu } from "../blocks/conv_norm_relu.ts";
import { globalAverage } from "../blocks/global_average.ts";
import { kaimingConv, smallLinear } from "../blocks/layers.ts";
import type { ModelFamilyDefinition } from "../family.ts";
import { wantsPreact } from "../wanted_features.ts";
import { Model, type ModelFactory, type ModelOptions, type ModelOutput } from "../model.ts";

const CHANNELS = [64, 128, 256, 512, 512] as const;

/** VGG with batch normalisation and one linear layer (Simonyan and Zisserman, 2015). mdistiller: `VGG`. */
export class Vgg extends Model {
  /** Of the five blocks. */
  override readonly stageChannels: readonly number[] = CHANNELS;
  /** Block of full-size planes. */
  readonly block0: ConvNormRelu;
  /** Block of half the height and width. */
  readonly block1: ConvNormRelu;
  /** Block of a quarter of the height and width. */
  readonly block2: ConvNormRelu;
  /** Block of an eighth of the height and width. */
  readonly block3: ConvNormRelu;
  /** Block of the same size, or of half of it for images of 64 x 64. */
  readonly block4: ConvNormRelu;
  /** From the pooled features to the logits. */
  override readonly classifier: Linear;

  /** `depths`: convolutions of each block; they are Kaiming normal (fan out), the classifier normal of 0.01. */
  constructor(
    depths: readonly [number, number, number, number, number],
    options: ModelOptions = {},
  ) {
    super();
    const { numClasses = 100, inChannels = 3 } = options;
    const block = (i: number) => {
      const from = i === 0 ? inChannels : CHANNELS[i - 1];
      const convolutions = Array.from(
        { length: depths[i] },
        (_, k) => kaimingConv(k === 0 ? from : CHANNELS[i], CHANNELS[i], 3, { bias: true }),
      );
      return new ConvNormRelu(...convolutions);
    };
    this.block0 = block(0);
    this.block1 = block(1);
    this.block2 = block(2);
    this.block3 = block(3);
    this.block4 = block(4);
    this.classifier = smallLinear(CHANNELS[4], numClasses);
  }

  /** Of the blocks but the first. */
  override get normsBeforeRelu(): readonly BatchNorm2d[] {
    return [this.block1, this.block2, this.block3, this.block4].map((block) => block.lastNorm);
  }

  /** Images [N, inChannels, H, W], 32 x 32 in CIFAR. */
  override forward(images: Tensor): ModelOutput {
    let x = this.block0.forward(images);
    const feats = [x];
    const preactFeats = wantsPreact() ? [x] : [];
    for (const [i, block] of [this.block1, this.block2, this.block3, this.block4].entries()) {
      const pools = i < 3 || images.shape[2] === 64;
      const taken = pools ? halved(x) : x;
      if (wantsPreact()) {
        const { output, preact } = block.forwardWithPreact(taken);
        preactFeats.push(preact);
        x = output;
      } else x = block.forward(taken);
      feats.push(x);
    }
    const pooledFeat = globalAverage(x);
    const logits = this.classifier.forward(pooledFeat);
    return { logits, features: { feats, preactFeats, pooledFeat } };
  }
}

function halved(x: Tensor): Tensor {
  return maxPool2d(x, { kernelSize: 2, stride: 2 });
}

const vgg = (...depths: ConstructorParameters<typeof Vgg>[0]): ModelFactory => (options) =>
  new Vgg(depths, options);

/** The authors' names. */
export const DEFINITION: ModelFamilyDefinition = {
  family: "cifar",
  models: {
    vgg8: vgg(1, 1, 1, 1, 1),
    vgg11: vgg(1, 1, 2, 2, 2),
    vgg13: vgg(2, 2, 2, 2, 2),
    vgg16: vgg(2, 2, 3, 3, 3),
    vgg19: vgg(2, 2, 4, 4, 4),
  },
};
