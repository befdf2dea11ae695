import { Conv2d } from "../nn/conv2d.ts";
import { skipInit } from "../nn/init.ts";
import { Linear } from "../nn/linear.ts";
import type { Module } from "../nn/module.ts";
import { zeros } from "../tensor/create.ts";
import type { Shape } from "../tensor/shape.ts";
import { shapesOnly } from "../tensor/shapes_only.ts";
import type { ModelFamily } from "./family.ts";
import { createModel, type CreateModelOptions, familyOf } from "./registry.ts";

/** What a model takes. */
export interface ModelCost {
  /** Numbers that are trained. */
  readonly parameters: number;
  /** Multiply-adds of convolutions and linear layers in a forward pass of one image. */
  readonly multiplyAdds: number;
  /** Height and width of that image. */
  readonly imageSize: number;
}

/** Height and width of the images that the models of a family are made for. */
const IMAGE_SIZES: Readonly<Record<ModelFamily, number>> = { cifar: 32, imagenet: 224 };

/**
 * Parameters and multiply-adds of a model, from the shapes of a forward pass that computes nothing; needs no device.
 *
 * @param options `imageSize`: default 32, or 224 for ImageNet's models
 * @throws UserError for an unknown name, with the nearest one.
 */
export function modelCost(
  name: string,
  options: CreateModelOptions & { imageSize?: number } = {},
): ModelCost {
  const imageSize = options.imageSize ?? IMAGE_SIZES[familyOf(name, options.family)];
  return shapesOnly(() => {
    const model = skipInit(() => createModel(name, options)).eval();
    let multiplyAdds = 0;
    countForwards(model, (count) => multiplyAdds += count);
    model.forward(zeros([1, options.inChannels ?? 3, imageSize, imageSize]));
    return { parameters: model.parameterCount(), multiplyAdds, imageSize };
  });
}

/** Makes every convolution and linear layer tell what its forward pass takes. */
function countForwards(module: Module, tell: (multiplyAdds: number) => void): void {
  for (const layer of module.modules()) {
    if (!(layer instanceof Conv2d) && !(layer instanceof Linear)) continue;
    const forward = layer.forward.bind(layer);
    layer.forward = (x) => {
      const y = forward(x);
      tell(y.numel * layer.weight.numel / layer.weight.shape[0]);
      return y;
    };
  }
}

/**
 * Shapes of a model's parameters and buffers by their names, in PyTorch's order. Needs no device and draws no weights.
 *
 * @throws UserError for an unknown name, with the nearest one.
 */
export function modelShapes(name: string, options: CreateModelOptions = {}): Map<string, Shape> {
  return shapesOnly(() => {
    const model = skipInit(() => createModel(name, options));
    return new Map([...model.stateDict()].map(([key, { shape }]) => [key, shape]));
  });
}
