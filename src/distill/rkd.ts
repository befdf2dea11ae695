import { rkdLoss, type RkdOptions } from "../losses/rkd.ts";
import type { Features, Model } from "../models/model.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { FeatureDistiller, type FeatureWeights } from "./feature_distiller.ts";

/** Relational knowledge distillation on the pooled feature (Park et al., 2019). mdistiller: `RKD`. */
export class RKD extends FeatureDistiller {
  /** `relations`: what is compared, and by how much. */
  constructor(
    student: Model,
    teacher: Model,
    weights: FeatureWeights,
    readonly relations: RkdOptions,
  ) {
    super(student, teacher, weights);
  }

  /** The loss of one batch. */
  protected override compare(student: Features, teacher: Features): Tensor {
    return rkdLoss(student.pooledFeat, teacher.pooledFeat, this.relations);
  }
}
