import { UserError } from "../errors.ts";
import { changedAt, isFolder } from "../formats/paths.ts";
import type { Model } from "../models/model.ts";
import { createModel } from "../models/registry.ts";
import { loadCheckpoint } from "./checkpoint.ts";
import {
  type ClassifierCard,
  type ClassifierOverrides,
  readCard,
  type Tell,
} from "./classifier_card.ts";
import { loadModel } from "./load_model.ts";
import { checkpointPath } from "./run_files.ts";

/** A model that is ready to classify pictures. */
export interface Classifier {
  /** With its weights, in evaluation mode. The caller disposes of it. */
  readonly model: Model;
  /** What it takes and says. */
  readonly card: ClassifierCard;
  /** The file that its weights come from. */
  readonly path: string;
}

/** A run's checkpoints that hold its student, the one that is taken first in front. */
const OF_A_RUN = ["student_best", "student_latest", "best", "latest"];

/** What names a model and its weights, for errors. */
const SETTINGS = { role: "model", model: "--model", file: "--ckpt", dataset: "--dataset" };

/**
 * The checkpoint that a path means: itself, or of a run's folder the student's best, else its latest, in the newer of both
 * formats.
 *
 * @throws UserError for a folder that holds none
 */
export function classifierFile(path: string): string {
  if (!isFolder(path)) return path;
  for (const name of OF_A_RUN) {
    const [newest] = ["torch", "safetensors"]
      .map((format) => checkpointPath(path, name, format))
      .filter((file) => changedAt(file) > -Infinity && !isFolder(file))
      .sort((a, b) => changedAt(b) - changedAt(a));
    if (newest !== undefined) return newest;
  }
  throw new UserError(
    `${path} is a folder without a checkpoint: there is none of ${
      OF_A_RUN.join(", ")
    } in it, with or without .safetensors; name a run's folder, or a checkpoint`,
  );
}

/**
 * Opens a run's folder or a checkpoint, of this program or of another, as a classifier. The device has to be open.
 *
 * @param path the folder or file
 * @param overrides what the user says of it
 * @param tell takes a sentence about what was decided
 * @throws CheckpointError where the file cannot be read or does not fit, UserError as `readCard()` does
 */
export function openClassifier(
  path: string,
  overrides: ClassifierOverrides = {},
  tell: Tell = () => {},
): Classifier {
  const file = classifierFile(path);
  const checkpoint = loadCheckpoint(file);
  const card = readCard(checkpoint, overrides, tell);
  const model = createModel(card.model, card);
  try {
    loadModel(model, checkpoint, { ...card, name: card.model }, SETTINGS, tell);
  } catch (error) {
    model.dispose();
    throw error;
  }
  return { model: model.requiresGrad_(false).eval(), card, path: file };
}
