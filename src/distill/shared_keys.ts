import { choice, type Field, float, ints, path, text, type ValuesOf } from "../config/field.ts";
import type { FeatureWeights } from "./feature_distiller.ts";

/** End of the text of a key that is read and not used. */
export const NOT_USED = "; read for compatibility and not used";

/** A key that takes a number of at least 0. */
export function nonNegative(value: number, doc: string): Field<number> {
  return float(value, doc, { min: 0 });
}

/** The keys of {@linkcode lossWeights}, `CE_WEIGHT` and `FEAT_WEIGHT`. */
export function featureLoss(weight: number): Record<"CE_WEIGHT" | "FEAT_WEIGHT", Field<number>> {
  return {
    CE_WEIGHT: nonNegative(1, "Weight of the cross-entropy."),
    FEAT_WEIGHT: nonNegative(weight, "Weight of the distillation loss."),
  };
}

/** The weights that the keys of {@linkcode featureLoss} set. */
export function lossWeights(
  { CE_WEIGHT, FEAT_WEIGHT }: ValuesOf<ReturnType<typeof featureLoss>>,
): FeatureWeights {
  return { ceWeight: CE_WEIGHT, featWeight: FEAT_WEIGHT };
}

/** mdistiller's key for the images' size. */
export function inputSize(): Field<number[]> {
  return ints(
    [32, 32],
    `Height and width of the images, in pixels${NOT_USED}: the data set says them.`,
    { length: 2, min: 1 },
  );
}

/** The keys of a cost matrix, as a distiller has them that wants one. */
export function costMatrixKeys(): {
  COST_MATRIX: Field<string>;
  COST_MATRIX_PATH: Field<string>;
  COST_MATRIX_SOURCE: Field<"auto" | "features" | "pooled" | "logits">;
  COST_MATRIX_SIMILARITY: Field<"linear_cka" | "poly_cka" | "rbf_cka" | "cosine">;
  COST_MATRIX_SHARPEN: Field<number>;
} {
  return {
    COST_MATRIX: text(
      "fc",
      'Where WKD-L\'s cost matrix comes from: "fc" is 1 - cosine of the rows of the teacher\'s classifier; any other name, such as "cka", is the file at COST_MATRIX_PATH (the authors\' default is empty).',
    ),
    COST_MATRIX_PATH: path("", "File of the cost matrix, [classes, classes]."),
    COST_MATRIX_SOURCE: choice(
      ["auto", "features", "pooled", "logits"],
      "auto",
      "Ours: what cost-matrix compares where it makes that file; auto is features for linear_cka (logits for imagenet, as the authors do), else pooled.",
    ),
    COST_MATRIX_SIMILARITY: choice(
      ["linear_cka", "poly_cka", "rbf_cka", "cosine"],
      "linear_cka",
      "Ours: how cost-matrix compares classes where it makes that file.",
    ),
    COST_MATRIX_SHARPEN: float(
      1,
      "k of the sharpened cost 1 - exp(-k * cost); 0 leaves the cost as it is.",
      { min: 0 },
    ),
  };
}
