import { nstLoss } from "../losses/nst.ts";
import type { Features } from "../models/model.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { defineDistiller } from "./definition.ts";
import { FeatureDistiller, sumOverStages } from "./feature_distiller.ts";
import { featureLoss, lossWeights } from "./shared_keys.ts";

/** Neuron selectivity transfer on every stage (Huang and Wang, 2017). mdistiller: `NST`. */
export class NST extends FeatureDistiller {
  /** Reads no features before a ReLU. */
  override readonly readsPreact = false;
  /** The loss of one batch. */
  protected override compare(student: Features, teacher: Features): Tensor {
    return sumOverStages(student, teacher, nstLoss);
  }
}

/** Neuron selectivity transfer in the configuration. */
export const DEFINITION = defineDistiller({
  name: "NST",
  doc: "Neuron selectivities of every stage (Huang and Wang, 2017).",
  keys: { LOSS: featureLoss(50) },
  build: ({ student, teacher, options: { LOSS } }) => new NST(student, teacher, lossWeights(LOSS)),
});
