import type { DatasetInfo } from "../data/image_dataset.ts";
import { UserError } from "../errors.ts";
import { modelState } from "../formats/model_state.ts";
import { visible } from "../formats/visible.ts";
import { fitsSomeModel, fittingModels } from "../models/fitting_models.ts";
import type { Model } from "../models/model.ts";
import { buildModel } from "../train/build_distiller.ts";
import { type Checkpoint, inFile } from "../train/checkpoint.ts";
import { loadModel } from "../train/load_model.ts";
import { modelOf } from "../train/model_of.ts";

/**
 * The architecture of a checkpoint's model: the one asked for, or what its metadata says.
 *
 * @param option the option to name in the error, such as `--model`
 * @throws CheckpointError where the file is damaged, UserError where nothing says the architecture
 */
export function checkpointModelName(
  { path, metadata, value }: Checkpoint,
  wanted: string | undefined,
  option: string,
): string {
  if (wanted) return wanted;
  if (metadata.model) return metadata.model;
  const { tensors } = inFile(path, () => modelState(value, fitsSomeModel));
  const { models } = fittingModels(new Map([...tensors].map(([name, { shape }]) => [name, shape])));
  const names = [...new Set(models.map(({ name }) => name))];
  const hint = names.length > 0 ? ` (its tensors fit ${names.join(" and ")})` : "";
  throw new UserError(`${path} does not say which model it holds; name it with ${option}${hint}`);
}

/**
 * A model with the weights of a checkpoint, bare or a run's, in evaluation mode.
 *
 * @param option the option to name in the error, such as `--model`; default `--teacher`
 * @throws CheckpointError where the file cannot be read or does not fit, RangeError for an unknown model
 */
export function loadCheckpointModel(
  name: string,
  checkpoint: string | Checkpoint,
  dataset: DatasetInfo,
  option = "--teacher",
): Model {
  const model = buildModel(name, dataset);
  const role = option === "--teacher" ? "teacher" : "model";
  const settings = { role, model: option, file: "--ckpt", dataset: "--dataset" };
  loadModel(
    model,
    checkpoint,
    modelOf(name, dataset),
    settings,
    (note) => console.error(visible(note)),
  );
  return model.eval();
}
