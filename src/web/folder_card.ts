import type { Preprocessing } from "../data/preprocessing.ts";
import type { ModelFamily } from "../models/family.ts";
import type { Normalisation } from "../models/renormalise.ts";

/** Name of the file that says what a page's folder holds. */
export const CARD_FILE = "model.json";

/** A model's file in a page's folder. */
export interface ModelCard {
  /** Its name in the folder: safetensors, float16. */
  readonly file: string;
  /** Architecture by the authors' name. */
  readonly model: string;
  /** The images that the architecture is for. */
  readonly family: ModelFamily;
  /** How many numbers are trained. */
  readonly parameters: number;
  /** What its images are normalised by where that is not the student's. */
  readonly normalisation?: Normalisation;
}

/** How the second page teaches, in the words of the configuration's `WKD` section. */
export interface LessonMethod {
  /** Weight of the cross-entropy (`LOSS.CE_WEIGHT`). */
  readonly ceWeight: number;
  /** Weight of the distance (`LOSS.WKD_LOGIT_WEIGHT`). */
  readonly weight: number;
  /** Divides the logits before the soft-max (`TEMPERATURE`). */
  readonly temperature: number;
  /** Strength of the entropy term (`SINKHORN.LAMBDA`). */
  readonly lambda: number;
  /** Sinkhorn iterations (`SINKHORN.ITER`). */
  readonly iterations: number;
  /** k of the sharpened costs (`COST_MATRIX_SHARPEN`). */
  readonly sharpen: number;
}

/** What a page's folder holds: the content of `model.json`. */
export interface FolderCard {
  /** The model that the first page asks and the second teaches. */
  readonly student: ModelCard;
  /** The model that teaches; null where the folder was made without one. */
  readonly teacher: ModelCard | null;
  /** Class names in the order of the labels. */
  readonly classes: readonly string[];
  /** What becomes of a picture before both models see it. */
  readonly preprocessing: Preprocessing;
  /** How the second page teaches. */
  readonly method: LessonMethod;
}
