import type { Shape } from "../tensor/shape.ts";
import { MODEL_FAMILIES, type ModelFamily } from "./family.ts";
import { modelShapes } from "./model_cost.ts";
import { modelNames } from "./registry.ts";

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

/** The shape of every tensor by its name. */
export function shapesOf(
  tensors: ReadonlyMap<string, { readonly shape: Shape }>,
): Map<string, Shape> {
  return new Map([...tensors].map(([name, { shape }]) => [name, shape]));
}

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

/** Whether a state dict is a model's; the counters of batch normalisation may be missing, as in torchvision's files. */
function fits(state: StateShapes, shapes: StateShapes): boolean {
  return sameNames(state, shapes) &&
    [...shapes].every(([name, shape]) => !state.has(name) || same(state.get(name), shape));
}

function sameNames(state: StateShapes, shapes: StateShapes): boolean {
  return [...state.keys()].every((name) => shapes.has(name)) &&
    [...shapes.keys()].every((name) => state.has(name) || isBatchCounter(name));
}

/** Whether a tensor counts batches, which PyTorch began to do in version 0.4.1; older files do not have it. */
export function isBatchCounter(name: string): boolean {
  return /(^|\.)num_batches_tracked$/.test(name);
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
      const options = sameNames(state, shapes) ? sizes(state, shapes) : null;
      if (!options) continue;
      const own = modelShapes(name, { family, ...options });
      if (fits(state, own)) models.push({ name, family, ...options });
    }
  }
  return { models, nearest: models.length > 0 ? null : nearest };
}

/** Whether names and shapes are those of any model that is known here; sooner found than which. */
export function fitsSomeModel(state: StateShapes): boolean {
  return MODEL_FAMILIES.some((family) =>
    modelNames(family).some((name) => {
      const shapes = usualShapes(name, family);
      const options = sameNames(state, shapes) ? sizes(state, shapes) : null;
      return options !== null && fits(state, modelShapes(name, { family, ...options }));
    })
  );
}

/** Whether a state dict is that of a model of these shapes; counters of batches may be missing. */
export function fitsShapes(state: StateShapes, wanted: StateShapes): boolean {
  return sameNames(state, wanted) && fits(state, wanted);
}

/** A fitting model in words, such as `resnet8 (100 classes, 3 channels)`. */
export function describeFit(model: FittingModel): string {
  const { numClasses, inChannels } = model;
  const classes = `${numClasses} class${numClasses === 1 ? "" : "es"}`;
  return `${fullName(model)} (${classes}, ${inChannels} channel${inChannels === 1 ? "" : "s"})`;
}

/** The name, with the family where both have it. */
function fullName({ name, family }: FittingModel): string {
  const both = modelNames(family === "cifar" ? "imagenet" : "cifar").includes(name);
  return both ? `${name} of ${family}` : name;
}
