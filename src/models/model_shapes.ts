import { skipInit } from "../nn/init.ts";
import type { Shape } from "../tensor/shape.ts";
import { shapesOnly } from "../tensor/shapes_only.ts";
import { createModel, type CreateModelOptions } from "./registry.ts";

/**
 * Shapes of a model's parameters and buffers by their names, in PyTorch's order. Needs no device and draws no weights.
 *
 * @throws RangeError for an unknown name, with the nearest one.
 */
export function modelShapes(name: string, options: CreateModelOptions = {}): Map<string, Shape> {
  return shapesOnly(() => {
    const model = skipInit(() => createModel(name, options));
    return new Map([...model.stateDict()].map(([key, { shape }]) => [key, shape]));
  });
}
