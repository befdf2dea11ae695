import { UserError } from "../errors.ts";
import { CIFAR_MODELS } from "./cifar/models.ts";
import { MODEL_FAMILIES, type ModelFamily } from "./family.ts";
import { IMAGENET_MODELS } from "./imagenet/models.ts";
import type { Model, ModelFactory, ModelOptions } from "./model.ts";
import { nearestName } from "./nearest_name.ts";

const MODELS: Readonly<Record<ModelFamily, Readonly<Record<string, ModelFactory>>>> = {
  cifar: CIFAR_MODELS,
  imagenet: IMAGENET_MODELS,
};

/** Settings of {@linkcode createModel}. */
export interface CreateModelOptions extends ModelOptions {
  /**
   * Decides between models of the same name: ResNet18 and ResNet50 are others for small images than for large ones.
   * A name that one family alone has is found whatever this says. Default `cifar`.
   */
  family?: ModelFamily;
}

/** The models {@linkcode createModel} knows by the authors' names: of a family, or all. */
export function modelNames(family?: ModelFamily): string[] {
  const families = family ? [family] : MODEL_FAMILIES;
  return [...new Set(families.flatMap((each) => Object.keys(MODELS[each])))];
}

/**
 * The family that a model comes from: the one asked for if it has the name, else the other.
 *
 * @throws UserError for an unknown name, with the nearest one.
 */
export function familyOf(name: string, wanted: ModelFamily = "cifar"): ModelFamily {
  const families = [wanted, ...MODEL_FAMILIES.filter((family) => family !== wanted)];
  const family = families.find((each) => Object.hasOwn(MODELS[each], name));
  if (family) return family;
  const names = modelNames();
  throw new UserError(
    `there is no model ${JSON.stringify(name)}; did you mean ${
      nearestName(name, names)
    }? There are ${names.join(", ")}`,
  );
}

/**
 * A freshly initialised model by the authors' name.
 *
 * @throws UserError for an unknown name, with the nearest one.
 */
export function createModel(name: string, options: CreateModelOptions = {}): Model {
  return MODELS[familyOf(name, options.family)][name](options);
}
