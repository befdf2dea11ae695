import type { DatasetInfo } from "../data/image_dataset.ts";
import { findDataset } from "../data/registry.ts";
import { modelFamily } from "../models/family.ts";
import type { FittingModel } from "../models/fitting_models.ts";
import { familyOf } from "../models/registry.ts";

/**
 * What a model by the authors' name is for a data set: its classes, channels and family.
 *
 * @throws RangeError for an unknown name, with the nearest one.
 */
export function modelOf(name: string, dataset: DatasetInfo): FittingModel {
  const [type] = dataset.name.split("/");
  return {
    name,
    family: familyOf(name, findDataset(type)?.models ?? modelFamily(dataset.height)),
    numClasses: dataset.classes.length,
    inChannels: dataset.channels,
  };
}
