import { BatchNorm2d } from "../../nn/batch_norm2d.ts";
import type { Conv2d } from "../../nn/conv2d.ts";
import { Linear } from "../../nn/linear.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { globalAverage } from "../blocks/global_average.ts";
import { plainConv } from "../blocks/layers.ts";
import { runStages, Stage } from "../blocks/stage.ts";
import type { ModelFamilyDefinition } from "../family.ts";
import { Model, type ModelOptions, type ModelOutput } from "../model.ts";
import { ShuffleV2Block } from "./shuffle_v2_block.ts";
import { ShuffleV2DownBlock } from "./shuffle_v2_down_block.ts";

const STEM = 24;
const CHANNELS = [116, 232, 464] as const;
const LAST_CHANNELS = 1024;

/** ShuffleNetV2 of size 1 (Ma et al., 2018) for small images. mdistiller: `ShuffleV2`. */
export class ShuffleV2 extends Model {
  /** Of the stem and of the three stages. */
  override readonly stageChannels: readonly number[] = [STEM, ...CHANNELS];
  /** The stem, 1 x 1. */
  readonly conv1: Conv2d;
  /** The stem's, followed by ReLU. */
  readonly bn1: BatchNorm2d;
  /** Stage of half the height and width. */
  readonly layer1: Stage;
  /** Stage of a quarter of the height and width. */
  readonly layer2: Stage;
  /** Stage of an eighth of the height and width. */
  readonly layer3: Stage;
  /** 1 x 1, behind the last stage. */
  readonly conv2: Conv2d;
  /** Followed by ReLU. */
  readonly bn2: BatchNorm2d;
  /** From the pooled features to the logits. */
  readonly linear: Linear;

  /** Initialised as PyTorch does by default. */
  constructor(options: ModelOptions = {}) {
    super();
    const { numClasses = 100, inChannels = 3 } = options;
    this.conv1 = plainConv(inChannels, STEM, 1);
    this.bn1 = new BatchNorm2d(STEM);
    this.layer1 = stage(STEM, CHANNELS[0], 3);
    this.layer2 = stage(CHANNELS[0], CHANNELS[1], 7);
    this.layer3 = stage(CHANNELS[1], CHANNELS[2], 3);
    this.conv2 = plainConv(CHANNELS[2], LAST_CHANNELS, 1);
    this.bn2 = new BatchNorm2d(LAST_CHANNELS);
    this.linear = new Linear(LAST_CHANNELS, numClasses);
  }

  /** The same as `linear`. */
  override get classifier(): Linear {
    return this.linear;
  }

  /** Images [N, inChannels, H, W], 32 x 32 in CIFAR. Features before the activation are not shuffled. */
  override forward(images: Tensor): ModelOutput {
    const stem = this.bn1.forward(this.conv1.forward(images), { relu: true });
    const stages = [this.layer1, this.layer2, this.layer3];
    const { output, feats, preactFeats } = runStages(stem, stages);
    const last = this.bn2.forward(this.conv2.forward(output), { relu: true });
    const pooledFeat = globalAverage(last);
    const logits = this.linear.forward(pooledFeat);
    return { logits, features: { feats, preactFeats, pooledFeat } };
  }
}

/** A block that halves the planes, then blocks that keep them. */
function stage(inChannels: number, channels: number, blocks: number): Stage {
  const down = new ShuffleV2DownBlock(inChannels, channels);
  const kept = Array.from({ length: blocks - 1 }, () => new ShuffleV2Block(channels));
  return new Stage([down, ...kept], new ShuffleV2Block(channels));
}

/** The authors' name. */
export const DEFINITION: ModelFamilyDefinition = {
  family: "cifar",
  models: { ShuffleV2: (options) => new ShuffleV2(options) },
};
