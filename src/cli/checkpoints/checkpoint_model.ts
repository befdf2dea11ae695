import type { Config } from "../../config/config.ts";
import { loadConfig, resolveConfig } from "../../config/resolve_config.ts";
import type { DatasetInfo } from "../../data/image_dataset.ts";
import { findDataset } from "../../data/registry.ts";
import type { Model } from "../../models/model.ts";
// What is registered is in the schema.
import "../../optim/registry.ts";
import { buildModel } from "../../run/build_distiller.ts";
import type { Checkpoint } from "../../run/checkpoints/checkpoint.ts";
import { modelNameOf } from "../../run/models/classifier_card.ts";
import { loadModel, modelOf } from "../../run/models/load_model.ts";
import { note } from "../terminal/notes.ts";

/** A run's student sees its own images, whatever its teacher saw. */
const NO_TEACHER = ["TEACHER.MEAN", "[]", "TEACHER.STD", "[]"];

/**
 * The architecture of a checkpoint's model: the one asked for, what its metadata says, or the only one that its tensors fit,
 * which is told.
 *
 * @param option the option to name in the error, such as `--model`
 * @throws CheckpointError where the file is damaged, UserError where nothing says the architecture
 */
export function checkpointModelName(
  checkpoint: Checkpoint,
  wanted: string | undefined,
  option: string,
): string {
  return modelNameOf(checkpoint, wanted, option, note);
}

/**
 * A model with the weights of a checkpoint, bare or a run's, in evaluation mode.
 *
 * @param option the option to name in the error, such as `--model`; default `--teacher`
 * @param family as `MODEL.FAMILY`; default `auto`
 * @throws CheckpointError where the file cannot be read or does not fit, UserError for an unknown model
 */
export function loadCheckpointModel(
  name: string,
  checkpoint: string | Checkpoint,
  dataset: DatasetInfo,
  option = "--teacher",
  family: Config["MODEL"]["FAMILY"] = "auto",
): Model {
  const model = buildModel(name, dataset, family);
  const role = option === "--teacher" ? "teacher" : "model";
  const settings = { role, model: option, file: "--ckpt", dataset: "--dataset" };
  loadModel(
    model,
    checkpoint,
    modelOf(name, dataset, family),
    settings,
    note,
  );
  return model.eval();
}

/** A run's configuration without the parts that it had of the images; those it held out stay where there are no others. */
function ofAllImages(yaml: string, source: string, overrides: readonly string[]): Config {
  const own = ["DATASET.SUBSET", "0", ...NO_TEACHER];
  const config = resolveConfig(yaml, source, [...own, "DATASET.VALIDATION", "0", ...overrides]);
  const hasTest = findDataset(config.DATASET.TYPE)?.hasTest?.(config.DATASET) ?? true;
  return hasTest ? config : resolveConfig(yaml, source, [...own, ...overrides]);
}

/** Where the settings of a command about one checkpoint come from. */
interface ConfigSources {
  /** Configuration file; wins over what the checkpoint says. */
  readonly cfg?: string;
  /** Name of the data set; wins over both and over `DATASET.TYPE` of the overrides. */
  readonly dataset?: string;
}

/**
 * The configuration by which a checkpoint is looked at: the file that is named, else the one its run had, which the
 * checkpoint carries, else the defaults. All images count of a run that had a part of them (SUBSET and VALIDATION are 0, where there are test images).
 *
 * @param checkpoint the checkpoint, or null where it is not known yet
 * @param overrides pairs of a dotted key and a YAML value that win over the file
 * @throws ConfigError as `loadConfig()` does
 */
export function checkpointConfig(
  checkpoint: Checkpoint | null,
  { cfg, dataset }: ConfigSources,
  overrides: readonly string[],
): Config {
  const carried = cfg === undefined ? checkpoint?.metadata.config : null;
  const config = carried
    ? ofAllImages(carried, `the configuration in ${checkpoint?.path}`, overrides)
    : loadConfig(cfg ?? null, overrides);
  return dataset ? { ...config, DATASET: { ...config.DATASET, TYPE: dataset } } : config;
}
