import type { BatchNorm2d } from "../../nn/batch_norm2d.ts";
import { Linear } from "../../nn/linear.ts";
import { Sequential } from "../../nn/sequential.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { ConvNormRelu } from "../blocks/conv_norm_relu.ts";
import { globalAverage } from "../blocks/global_average.ts";
import { plainConv } from "../blocks/layers.ts";
import type { ModelFamilyDefinition } from "../family.ts";
import { wantsPreact } from "../wanted_features.ts";
import { Model, type ModelOptions, type ModelOutput } from "../model.ts";

/** Output channels and stride of the separable convolutions. */
const LAYERS: readonly (readonly [channels: number, stride: number])[] = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [1024, 2],
  [1024, 1],
];

/** The layers of `model` that end each size of planes. */
const FEATURES: readonly number[] = [3, 5, 11, 13];

/** Depthwise separable convolutions (Howard et al., 2017). mdistiller: `MobileNetV1` of its ImageNet models. */
export class MobileNetV1 extends Model {
  /** Of the last layer of each size of planes. */
  override readonly stageChannels: readonly number[] = [128, 256, 512, 1024];
  /** The stem, then pairs of a depthwise and a 1 x 1 convolution. */
  readonly model: Sequential<ConvNormRelu>;
  /** From the pooled features to the logits. */
  readonly fc: Linear;

  /** Initialised as PyTorch does by default. */
  constructor(options: ModelOptions = {}) {
    super();
    const { numClasses = 1000, inChannels = 3 } = options;
    const layers = [new ConvNormRelu(plainConv(inChannels, 32, 3, { stride: 2 }))];
    let width = 32;
    for (const [channels, stride] of LAYERS) {
      const depthwise = plainConv(width, width, 3, { stride, groups: width });
      layers.push(new ConvNormRelu(depthwise, plainConv(width, channels, 1)));
      width = channels;
    }
    this.model = new Sequential(...layers);
    this.fc = new Linear(width, numClasses);
  }

  /** The same as `fc`. */
  override get classifier(): Linear {
    return this.fc;
  }

  /** Of the layers that end each size of planes. */
  override get normsBeforeRelu(): readonly BatchNorm2d[] {
    return FEATURES.map((i) => this.model.layers[i].lastNorm);
  }

  /** Images [N, inChannels, H, W], 224 x 224 in ImageNet. */
  override forward(images: Tensor): ModelOutput {
    const feats: Tensor[] = [];
    const preactFeats: Tensor[] = [];
    let x = images;
    for (const [i, layer] of this.model.layers.entries()) {
      const isFeature = FEATURES.includes(i);
      if (isFeature && wantsPreact()) {
        const { output, preact } = layer.forwardWithPreact(x);
        preactFeats.push(preact);
        x = output;
      } else x = layer.forward(x);
      if (isFeature) feats.push(x);
    }
    const pooledFeat = globalAverage(x);
    const logits = this.fc.forward(pooledFeat);
    return { logits, features: { feats, preactFeats, pooledFeat } };
  }
}

/** The authors' name. */
export const DEFINITION: ModelFamilyDefinition = {
  family: "imagenet",
  models: { MobileNetV1: (options) => new MobileNetV1(options) },
};
