import type { ImageDataset } from "../data/image_dataset.ts";
import type { Model } from "../models/model.ts";
import { buildModel } from "../train/build_distiller.ts";
import { loadCheckpoint } from "../train/checkpoint.ts";
import { loadModel } from "../train/load_model.ts";
import { CliError } from "./cli_error.ts";

/**
 * The architecture of a checkpoint's model: the one asked for, or what its metadata says.
 *
 * @param option the option to name in the error, such as `--model`
 * @throws CheckpointError where the file cannot be read, CliError where nothing says the architecture
 */
export function checkpointModelName(
  path: string,
  wanted: string | undefined,
  option: string,
): string {
  const name = wanted ?? loadCheckpoint(path).metadata.model;
  if (!name) {
    throw new CliError(`${path} does not say which model it holds; name it with ${option}`);
  }
  return name;
}

/**
 * A model with the weights of a checkpoint, bare or a run's, in evaluation mode.
 *
 * @throws CheckpointError where the file cannot be read or does not fit, RangeError for an unknown model
 */
export function loadCheckpointModel(name: string, path: string, dataset: ImageDataset): Model {
  const model = buildModel(name, dataset);
  loadModel(model, path);
  return model.eval();
}
