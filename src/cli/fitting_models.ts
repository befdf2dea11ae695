import { MODEL_FAMILIES, type ModelFamily } from "../models/family.ts";
import { modelShapes } from "../models/model_shapes.ts";
import { modelNames } from "../models/registry.ts";
import type { Shape } from "../tensor/shape.ts";

/** A model that a state dict belongs to. */
export interface FittingModel {
  /** Its name, for `createModel`. */
  readonly name: string;
  /** Which of two models of that name. */
  readonly family: ModelFamily;
  /** Classes. */
  readonly numClasses: number;
  /** Channels of the images. */
  readonly inChannels: number;
}

/** Which models a state dict fits. */
export interface Fit {
  /** Those whose names and shapes are the state dict's. */
  readonly models: readonly FittingModel[];
  /** Where there is none: the model that has the most of its tensors, and how many these are. */
  readonly nearest: { readonly name: string; readonly matching: number } | null;
}

/** Shapes of a state dict's tensors by name. */
export type StateShapes = ReadonlyMap<string, Shape>;

const known = new Map<string, StateShapes>();

/** A model's shapes with its usual classes and channels, made once. */
function usualShapes(name: string, family: ModelFamily): StateShapes {
  const key = `${family} ${name}`;
  const shapes = known.get(key) ?? modelShapes(name, { family });
  known.set(key, shapes);
  return shapes;
}

function same(a: Shape | undefined, b: Shape): boolean {
  return a !== undefined && a.length === b.length && a.every((size, i) => size === b[i]);
}

function matching(state: StateShapes, shapes: StateShapes): number {
  return [...shapes].filter(([name, shape]) => same(state.get(name), shape)).length;
}

/** The channels that the first convolution takes and the classes that the last layer has. */
function sizes(state: StateShapes, shapes: StateShapes) {
  const names = [...shapes.keys()];
  const inChannels = state.get(names[0])?.[1];
  const numClasses = state.get(names.at(-1)!)?.[0];
  return inChannels && numClasses ? { inChannels, numClasses } : null;
}

/** Finds the models whose names and shapes are those of a state dict; classes and channels follow from it. */
export function fittingModels(state: StateShapes): Fit {
  const models: FittingModel[] = [];
  let nearest: Fit["nearest"] = null;
  for (const family of MODEL_FAMILIES) {
    for (const name of modelNames(family)) {
      const shapes = usualShapes(name, family);
      const found = matching(state, shapes);
      if (found > (nearest?.matching ?? 0)) nearest = { name, matching: found };
      const options = shapes.size === state.size ? sizes(state, shapes) : null;
      if (!options) continue;
      const own = modelShapes(name, { family, ...options });
      if (matching(state, own) === own.size) models.push({ name, family, ...options });
    }
  }
  return { models, nearest: models.length > 0 ? null : nearest };
}

/** A fitting model in words, such as `resnet8 (100 classes, 3 channels)`. */
export function describeFit({ name, family, numClasses, inChannels }: FittingModel): string {
  const which = modelNames(family === "cifar" ? "imagenet" : "cifar").includes(name)
    ? `${name} of ${family}`
    : name;
  return `${which} (${numClasses} classes, ${inChannels} channel${inChannels === 1 ? "" : "s"})`;
}
