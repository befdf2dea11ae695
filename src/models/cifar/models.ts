import { BasicBlock } from "../blocks/basic_block.ts";
import { Bottleneck } from "../blocks/bottleneck.ts";
import type { ModelFactory } from "../model.ts";
import { MobileNetV2 } from "./mobilenet_v2.ts";
import { CifarResNet, type CifarResNetShape } from "./resnet.ts";
import { CifarResNetV2 } from "./resnet_v2.ts";
import { ShuffleV1 } from "./shuffle_v1.ts";
import { ShuffleV2 } from "./shuffle_v2.ts";
import { Vgg } from "./vgg.ts";
import { WideResNet } from "./wide_resnet.ts";

const NARROW: CifarResNetShape["channels"] = [16, 16, 32, 64];
const WIDE: CifarResNetShape["channels"] = [32, 64, 128, 256];

const resnet = (depth: number, channels = NARROW): ModelFactory => (options) =>
  new CifarResNet({ depth, channels }, options);
const wideResnet = (depth: number, width: number): ModelFactory => (options) =>
  new WideResNet(depth, width, options);
const vgg = (...depths: ConstructorParameters<typeof Vgg>[0]): ModelFactory => (options) =>
  new Vgg(depths, options);

/** Models for small images by the authors' names. */
export const CIFAR_MODELS: Readonly<Record<string, ModelFactory>> = {
  resnet8: resnet(8),
  resnet14: resnet(14),
  resnet20: resnet(20),
  resnet32: resnet(32),
  resnet44: resnet(44),
  resnet56: resnet(56),
  resnet110: resnet(110),
  resnet8x4: resnet(8, WIDE),
  resnet32x4: resnet(32, WIDE),
  ResNet18: (options) => new CifarResNetV2(BasicBlock, [2, 2, 2, 2], options),
  ResNet50: (options) => new CifarResNetV2(Bottleneck, [3, 4, 6, 3], options),
  wrn_16_1: wideResnet(16, 1),
  wrn_16_2: wideResnet(16, 2),
  wrn_40_1: wideResnet(40, 1),
  wrn_40_2: wideResnet(40, 2),
  vgg8: vgg(1, 1, 1, 1, 1),
  vgg11: vgg(1, 1, 2, 2, 2),
  vgg13: vgg(2, 2, 2, 2, 2),
  vgg16: vgg(2, 2, 3, 3, 3),
  vgg19: vgg(2, 2, 4, 4, 4),
  MobileNetV2: (options) => new MobileNetV2(6, 0.5, options),
  ShuffleV1: (options) => new ShuffleV1(options),
  ShuffleV2: (options) => new ShuffleV2(options),
};
