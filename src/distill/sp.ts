import { similarityLoss } from "../losses/similarity.ts";
import type { Features } from "../models/model.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { FeatureDistiller } from "./feature_distiller.ts";

/** Similarity-preserving distillation on the last feature map (Tung and Mori, 2019). mdistiller: `SP`. */
export class SP extends FeatureDistiller {
  /** The loss of one batch. */
  protected override compare(student: Features, teacher: Features): Tensor {
    return similarityLoss(student.feats.at(-1)!, teacher.feats.at(-1)!);
  }
}
