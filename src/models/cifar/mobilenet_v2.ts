import type { Linear } from "../../nn/linear.ts";
import { Module } from "../../nn/module.ts";
import { Sequential } from "../../nn/sequential.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { ConvNormRelu } from "../blocks/conv_norm_relu.ts";
import { globalAverage } from "../blocks/global_average.ts";
import { kaimingConv, smallLinear } from "../blocks/layers.ts";
import type { ModelFamilyDefinition } from "../family.ts";
import { Model, type ModelOptions, type ModelOutput } from "../model.ts";

/** Expansion, channels before the width factor, blocks and stride of each stage; `T` is the model's expansion. */
const STAGES = [
  [1, 16, 1, 1],
  ["T", 24, 2, 1],
  ["T", 32, 3, 2],
  ["T", 64, 4, 2],
  ["T", 96, 3, 1],
  ["T", 160, 3, 2],
  ["T", 320, 1, 1],
] as const;

/** The stages that end a feature, behind the stem. */
const FEATURES: readonly number[] = [1, 2, 4, 6];
const LAST_CHANNELS = 1280;

/** Inverted residuals (Sandler et al., 2018) for small images. mdistiller: `MobileNetV2`. */
class MobileNetV2 extends Model {
  /** Of the stem and of the stages whose output is a feature. */
  override readonly stageChannels: readonly number[];
  /** The stem, 3 x 3, stride 2. */
  readonly conv1: ConvNormRelu;
  /** The stages. */
  readonly blocks: Sequential<Sequential<InvertedResidual>>;
  /** 1 x 1, to 1280 channels. */
  readonly conv2: ConvNormRelu;
  readonly #classifier: Sequential<Linear>;

  /** Convolutions are Kaiming normal (fan out), the classifier normal of 0.01. */
  constructor(expansion: number, width: number, options: ModelOptions = {}) {
    super();
    const { numClasses = 100, inChannels = 3 } = options;
    const wide = (channels: number) => Math.floor(channels * width);
    let from = wide(32);
    this.stageChannels = [from, ...FEATURES.map((i) => wide(STAGES[i][1]))];
    this.conv1 = new ConvNormRelu(kaimingConv(inChannels, from, 3, { stride: 2 }));
    const stages = STAGES.map(([t, channels, blocks, stride]) => {
      const made = Array.from({ length: blocks }, (_, i) => {
        const first = i === 0 ? from : wide(channels);
        return new InvertedResidual(
          first,
          wide(channels),
          i === 0 ? stride : 1,
          t === "T" ? expansion : t,
        );
      });
      from = wide(channels);
      return new Sequential(...made);
    });
    this.blocks = new Sequential(...stages);
    const last = width > 1 ? wide(LAST_CHANNELS) : LAST_CHANNELS;
    this.conv2 = new ConvNormRelu(kaimingConv(from, last, 1));
    this.#classifier = new Sequential(smallLinear(last, numClasses));
  }

  /** The classifier is a `Sequential` of one layer in the authors' state dict. */
  override *namedChildren(): Iterable<[string, Module]> {
    yield* super.namedChildren();
    yield ["classifier", this.#classifier];
  }

  /** From the pooled features to the logits. */
  override get classifier(): Linear {
    return this.#classifier.layers[0];
  }

  /** Images [N, inChannels, H, W], 32 x 32 in CIFAR. There are no features before the activation. */
  override forward(images: Tensor): ModelOutput {
    let x = this.conv1.forward(images);
    const feats = [x];
    for (const [i, stage] of this.blocks.layers.entries()) {
      x = stage.forward(x);
      if (FEATURES.includes(i)) feats.push(x);
    }
    const pooledFeat = globalAverage(this.conv2.forward(x));
    const logits = this.classifier.forward(pooledFeat);
    return { logits, features: { feats, preactFeats: [], pooledFeat } };
  }
}

/** The authors' name. */
export const DEFINITION: ModelFamilyDefinition = {
  family: "cifar",
  models: { MobileNetV2: (options) => new MobileNetV2(6, 0.5, options) },
};

/** A wide depthwise convolution between two narrow ends (Sandler et al., 2018). mdistiller: `InvertedResidual`. */
class InvertedResidual extends Module {
  /** 1 x 1 to the wide middle, 3 x 3 depthwise, 1 x 1 back, without ReLU at the end. */
  readonly conv: ConvNormRelu;
  readonly #residual: boolean;

  /** `expansion`: width of the middle for one input channel. */
  constructor(inChannels: number, outChannels: number, stride: number, expansion: number) {
    super();
    const middle = inChannels * expansion;
    this.conv = new ConvNormRelu(
      kaimingConv(inChannels, middle, 1),
      kaimingConv(middle, middle, 3, { stride, groups: middle }),
      kaimingConv(middle, outChannels, 1),
    );
    this.#residual = stride === 1 && inChannels === outChannels;
  }

  /** [N, inChannels, H, W] to [N, outChannels, H / stride, W / stride]. */
  forward(x: Tensor): Tensor {
    return this.conv.forward(x, this.#residual ? { residual: x } : {});
  }
}
