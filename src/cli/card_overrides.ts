import { loadConfig } from "../config/resolve_config.ts";
import type { ClassifierOverrides } from "../run/classifier_card.ts";
import { readClassNames } from "./class_names.ts";

/** Options that say of a checkpoint what it does not say itself, or says otherwise. */
export interface CardFlags {
  /** Architecture; default: what the checkpoint says. */
  readonly model?: string;
  /** Data set whose classes and preprocessing are the model's. */
  readonly dataset?: string;
  /** Configuration whose DATASET section says them. */
  readonly cfg?: string;
  /** File of class names. */
  readonly classes?: string;
  /** Rows and columns that the model sees. */
  readonly size?: number;
  /** Shorter side before the centre is cut out. */
  readonly resize?: number;
  /** Mean of each channel. */
  readonly mean?: readonly number[];
  /** Standard deviation of each channel. */
  readonly std?: readonly number[];
}

/**
 * What the options say of a checkpoint.
 *
 * @throws UserError where a file that they name is of no use
 */
export function cardOverrides(flags: CardFlags): ClassifierOverrides {
  const { model, size, resize, mean, std, classes } = flags;
  return {
    ...{ model, size, resize, mean, std, dataset: datasetOf(flags) },
    classes: classes === undefined ? undefined : readClassNames(classes),
  };
}

function datasetOf({ cfg, dataset }: CardFlags) {
  if (cfg === undefined && dataset === undefined) return undefined;
  const { DATASET } = loadConfig(cfg ?? null);
  return dataset === undefined ? DATASET : { ...DATASET, TYPE: dataset };
}
