import { BasicBlock } from "../blocks/basic_block.ts";
import { Bottleneck } from "../blocks/bottleneck.ts";
import type { ModelFactory } from "../model.ts";
import { MobileNetV1 } from "./mobilenet_v1.ts";
import { ImageNetResNet } from "./resnet.ts";

/** Models for large images by the authors' names. */
export const IMAGENET_MODELS: Readonly<Record<string, ModelFactory>> = {
  ResNet18: (options) => new ImageNetResNet(BasicBlock, [2, 2, 2, 2], options),
  ResNet34: (options) => new ImageNetResNet(BasicBlock, [3, 4, 6, 3], options),
  ResNet50: (options) => new ImageNetResNet(Bottleneck, [3, 4, 6, 3], options),
  ResNet101: (options) => new ImageNetResNet(Bottleneck, [3, 4, 23, 3], options),
  MobileNetV1: (options) => new MobileNetV1(options),
};
