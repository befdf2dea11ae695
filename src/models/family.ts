import type { ModelFactory } from "./model.ts";

/** `cifar`: models for images of about 32 x 32. `imagenet`: for about 224 x 224. */
export type ModelFamily = "cifar" | "imagenet";

/** The models of one architecture. */
export interface ModelFamilyDefinition {
  /** The images that they are made for. */
  readonly family: ModelFamily;
  /** The models by the authors' names. */
  readonly models: Readonly<Record<string, ModelFactory>>;
}

/** The families, small images first. */
export const MODEL_FAMILIES: readonly ModelFamily[] = ["cifar", "imagenet"];

/** Images up to this height are for the models of the `cifar` family. */
const LARGEST_SMALL = 64;

/** The family of models for images of a height in pixels: `cifar` up to 64, else `imagenet`. */
export function modelFamily(size: number): ModelFamily {
  return size > LARGEST_SMALL ? "imagenet" : "cifar";
}
