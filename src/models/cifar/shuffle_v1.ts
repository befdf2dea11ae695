import { BatchNorm2d } from "../../nn/batch_norm2d.ts";
import type { Conv2d } from "../../nn/conv2d.ts";
import { Linear } from "../../nn/linear.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { plainConv } from "../blocks/layers.ts";
import { classifyStages, Stage } from "../blocks/stage.ts";
import type { ModelFamilyDefinition } from "../family.ts";
import { Model, type ModelOptions, type ModelOutput } from "../model.ts";
import { ShuffleV1Block } from "./shuffle_v1_block.ts";

const STEM = 24;
const CHANNELS = [240, 480, 960] as const;
const GROUPS = 3;

/** ShuffleNet with three groups (Zhang et al., 2018) for small images. mdistiller: `ShuffleV1`. */
export class ShuffleV1 extends Model {
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
  /** From the pooled features to the logits. */
  readonly linear: Linear;

  /** Initialised as PyTorch does by default. */
  constructor(options: ModelOptions = {}) {
    super();
    const { numClasses = 100, inChannels = 3 } = options;
    this.conv1 = plainConv(inChannels, STEM, 1);
    this.bn1 = new BatchNorm2d(STEM);
    this.layer1 = stage(STEM, CHANNELS[0], 4);
    this.layer2 = stage(CHANNELS[0], CHANNELS[1], 8);
    this.layer3 = stage(CHANNELS[1], CHANNELS[2], 4);
    this.linear = new Linear(CHANNELS[2], numClasses);
  }

  /** The same as `linear`. */
  override get classifier(): Linear {
    return this.linear;
  }

  /** Images [N, inChannels, H, W], 32 x 32 in CIFAR. */
  override forward(images: Tensor): ModelOutput {
    const stem = this.bn1.forward(this.conv1.forward(images), { relu: true });
    return classifyStages(this.linear, stem, [this.layer1, this.layer2, this.layer3]);
  }
}

/** The first block halves the planes and keeps its input beside what it adds. */
function stage(inChannels: number, channels: number, blocks: number): Stage {
  const firstGroups = inChannels === STEM ? 1 : GROUPS;
  const plain = () =>
    new ShuffleV1Block(channels, channels, 1, { groups: GROUPS, firstGroups: GROUPS });
  const halving = new ShuffleV1Block(inChannels, channels - inChannels, 2, {
    groups: GROUPS,
    firstGroups,
  });
  return new Stage([halving, ...Array.from({ length: blocks - 2 }, plain)], plain());
}

/** The authors' name. */
export const DEFINITION: ModelFamilyDefinition = {
  family: "cifar",
  models: { ShuffleV1: (options) => new ShuffleV1(options) },
};
