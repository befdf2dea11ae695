import { UserError } from "../errors.ts";
import { importHint } from "../registry/imports.ts";
import { nearestName } from "../registry/nearest_name.ts";
import { Registry } from "../registry/registry.ts";
import { DEFINITION as mobilenetV2 } from "./cifar/mobilenet_v2.ts";
import { DEFINITION as cifarResnet } from "./cifar/resnet.ts";
import { DEFINITION as resnetOptionA } from "./cifar/resnet_option_a.ts";
import { DEFINITION as resnetV2 } from "./cifar/resnet_v2.ts";
import { DEFINITION as shuffleV1 } from "./cifar/shuffle_v1.ts";
import { DEFINITION as shuffleV2 } from "./cifar/shuffle_v2.ts";
import { DEFINITION as vgg } from "./cifar/vgg.ts";
import { DEFINITION as wideResnet } from "./cifar/wide_resnet.ts";
import { MODEL_FAMILIES, type ModelFamily, type ModelFamilyDefinition } from "./family.ts";
import { DEFINITION as mobilenetV1 } from "./imagenet/mobilenet_v1.ts";
import { DEFINITION as resnet } from "./imagenet/resnet.ts";
import type { Model, ModelFactory, ModelOptions } from "./model.ts";

/** The package's own architectures, in the order that they are listed. */
const OWN: readonly ModelFamilyDefinition[] = [
  ...[cifarResnet, resnetOptionA, resnetV2, wideResnet, vgg, mobilenetV2, shuffleV1, shuffleV2],
  ...[resnet, mobilenetV1],
];

const models = () =>
  new Registry<ModelFactory>("model", "registerModel", [
    /^\w[\w.-]*$/,
    "a word of letters, digits, _, - and ., such as my_net",
  ]);

const MODELS: Readonly<Record<ModelFamily, Registry<ModelFactory>>> = {
  cifar: models(),
  imagenet: models(),
};

/** A model by its name. */
export interface ModelDefinition {
  /** Its name as in `DISTILLER.STUDENT`: letters, digits, `_`, `-` and `.`. */
  readonly name: string;
  /** The images that it is made for: of about 32 x 32, or of about 224 x 224. Default `cifar`. */
  readonly family?: ModelFamily;
  /** Makes it with fresh weights, for `options.numClasses` classes and images of `options.inChannels` channels. */
  build(options: ModelOptions): Model;
}

/**
 * Makes a model known by its name, which `DISTILLER.STUDENT`, `DISTILLER.TEACHER` and {@linkcode createModel} take.
 *
 * @throws {RegistrationError} where the name is taken, by either family, or no name
 */
export function registerModel({ name, family = "cifar", build }: ModelDefinition): void {
  for (const each of MODEL_FAMILIES) MODELS[each].check(name);
  MODELS[family].add(name, build);
}

for (const { family, models } of OWN) {
  for (const [name, build] of Object.entries(models)) MODELS[family].add(name, build);
}

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
  return [...new Set(families.flatMap((each) => MODELS[each].names))];
}

/**
 * The family that a model comes from: the one asked for if it has the name, else the other.
 *
 * @throws UserError for an unknown name, with the nearest one.
 */
export function familyOf(name: string, wanted: ModelFamily = "cifar"): ModelFamily {
  const families = [wanted, ...MODEL_FAMILIES.filter((family) => family !== wanted)];
  const family = families.find((each) => MODELS[each].get(name));
  if (family) return family;
  const names = modelNames();
  throw new UserError(
    `there is no model ${JSON.stringify(name)}; did you mean ${
      nearestName(name, names)
    }? There are ${names.join(", ")}${importHint()}`,
  );
}

/**
 * A freshly initialised model by the authors' name.
 *
 * @throws UserError for an unknown name, with the nearest one; for a registered model that is not for the classes asked for.
 */
export function createModel(name: string, options: CreateModelOptions = {}): Model {
  const model = MODELS[familyOf(name, options.family)].get(name)!(options);
  const [classes] = model.classifier.weight.shape;
  if (classes === (options.numClasses ?? classes)) return model;
  model.dispose();
  throw new UserError(
    `the model ${name} tells ${classes} classes apart where ${options.numClasses} are wanted; the ` +
      "build() that it is registered with has to go by numClasses",
  );
}
