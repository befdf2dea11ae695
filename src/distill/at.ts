import { int } from "../config/field.ts";
import { attentionLoss } from "../losses/attention.ts";
import type { Features, Model } from "../models/model.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { defineDistiller } from "./definition.ts";
import { FeatureDistiller, type FeatureWeights, sumOverStages } from "./feature_distiller.ts";
import { featureLoss, lossWeights } from "./shared_keys.ts";

/** Attention transfer on every stage (Zagoruyko and Komodakis, 2017). mdistiller: `AT`. */
export class AT extends FeatureDistiller {
  /** Reads no features before a ReLU. */
  override readonly readsPreact = false;
  /** `power`: of the features in the maps of attention. */
  constructor(student: Model, teacher: Model, weights: FeatureWeights, readonly power: number) {
    super(student, teacher, weights);
  }

  /** The loss of one batch. */
  protected override compare(student: Features, teacher: Features): Tensor {
    return sumOverStages(student, teacher, (s, t) => attentionLoss(s, t, this.power));
  }
}

/** Attention transfer in the configuration. */
export const DEFINITION = defineDistiller({
  name: "AT",
  doc: "The attention maps of every stage (Zagoruyko and Komodakis, 2017).",
  keys: {
    P: int(2, "Power of the attention maps.", { min: 1 }),
    LOSS: featureLoss(1000),
  },
  build: ({ student, teacher, options: { LOSS, P } }) =>
    new AT(student, teacher, lossWeights(LOSS), P),
});
