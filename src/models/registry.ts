import { CifarResNet, type CifarResNetShape } from "./cifar/resnet.ts";
import type { Model, ModelOptions } from "./model.ts";
import { nearestName } from "./nearest_name.ts";

const NARROW: CifarResNetShape["channels"] = [16, 16, 32, 64];
const WIDE: CifarResNetShape["channels"] = [32, 64, 128, 256];

const CIFAR_RESNETS: Readonly<Record<string, CifarResNetShape>> = {
  resnet8: { depth: 8, channels: NARROW },
  resnet14: { depth: 14, channels: NARROW },
  resnet20: { depth: 20, channels: NARROW },
  resnet32: { depth: 32, channels: NARROW },
  resnet44: { depth: 44, channels: NARROW },
  resnet56: { depth: 56, channels: NARROW },
  resnet110: { depth: 110, channels: NARROW },
  resnet8x4: { depth: 8, channels: WIDE },
  resnet32x4: { depth: 32, channels: WIDE },
};

/** The models {@linkcode createModel} knows, by the authors' names. */
export function modelNames(): string[] {
  return Object.keys(CIFAR_RESNETS);
}

/**
 * A freshly initialised model by the authors' name.
 *
 * @throws RangeError for an unknown name, with the nearest one.
 */
export function createModel(name: string, options: ModelOptions = {}): Model {
  if (!Object.hasOwn(CIFAR_RESNETS, name)) {
    const names = modelNames();
    throw new RangeError(
      `there is no model ${JSON.stringify(name)}; did you mean ${
        nearestName(name, names)
      }? There are ${names.join(", ")}`,
    );
  }
  return new CifarResNet(CIFAR_RESNETS[name], options);
}
