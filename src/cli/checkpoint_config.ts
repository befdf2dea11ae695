// What is registered is in the schema.
import "../optim/registry.ts";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load_config.ts";
import { resolveConfig } from "../config/resolve_config.ts";
import type { Checkpoint } from "../train/checkpoint.ts";

/** Where the settings of a command about one checkpoint come from. */
export interface ConfigSources {
  /** Configuration file; wins over what the checkpoint says. */
  readonly cfg?: string;
  /** Name of the data set; wins over both and over `DATASET.TYPE` of the overrides. */
  readonly dataset?: string;
}

/**
 * The configuration by which a checkpoint is looked at: the file that is named, else the one its run had, which the
 * checkpoint carries, else the defaults. All images count of a run that had a part of them (SUBSET and VALIDATION are 0).
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
    ? resolveConfig(carried, `the configuration in ${checkpoint?.path}`, [...WHOLE, ...overrides])
    : loadConfig(cfg ?? null, overrides);
  return dataset ? { ...config, DATASET: { ...config.DATASET, TYPE: dataset } } : config;
}

const WHOLE = ["DATASET.SUBSET", "0", "DATASET.VALIDATION", "0"];
