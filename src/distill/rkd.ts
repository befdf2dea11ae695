import { bool } from "../config/field.ts";
import { UserError } from "../errors.ts";
import { rkdLoss, type RkdOptions } from "../losses/rkd.ts";
import type { Features, Model } from "../models/model.ts";
import { gatherBatch } from "../ops/gather_batch.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { defineDistiller } from "./definition.ts";
import { FeatureDistiller, type FeatureWeights } from "./feature_distiller.ts";
import { featureLoss, lossWeights, nonNegative } from "./shared_keys.ts";

/** Relational knowledge distillation on the pooled feature (Park et al., 2019). mdistiller: `RKD`. */
export class RKD extends FeatureDistiller {
  /** Reads no features before a ReLU. */
  override readonly readsPreact = false;
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
    const [s, t] = [gatherBatch(student.pooledFeat), gatherBatch(teacher.pooledFeat)];
    return rkdLoss(s, t, this.relations);
  }
}

/** Relational knowledge distillation in the configuration. */
export const DEFINITION = defineDistiller({
  name: "RKD",
  doc: "Distances and angles between the images of a batch (Park et al., 2019).",
  acrossImages: "compares",
  keys: {
    DISTANCE_WEIGHT: nonNegative(25, "Weight of the distance-wise loss."),
    ANGLE_WEIGHT: nonNegative(50, "Weight of the angle-wise loss."),
    LOSS: featureLoss(1),
    PDIST: {
      EPSILON: nonNegative(1e-12, "Smallest squared distance."),
      SQUARED: bool(false, "Whether distances are squared."),
    },
  },
  build({ student, teacher, images, batchSize, options }) {
    if (Math.min(batchSize, images.length) === 1) {
      throw new UserError(
        "RKD compares the images of a batch, and these have one image each; use a larger SOLVER.BATCH_SIZE or more images",
      );
    }
    const { DISTANCE_WEIGHT, ANGLE_WEIGHT, PDIST } = options;
    return new RKD(student, teacher, lossWeights(options.LOSS), {
      distanceWeight: DISTANCE_WEIGHT,
      angleWeight: ANGLE_WEIGHT,
      eps: PDIST.EPSILON,
      squared: PDIST.SQUARED,
    });
  },
});
