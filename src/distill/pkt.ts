import { pktLoss } from "../losses/pkt.ts";
import type { Features } from "../models/model.ts";
import { gatherBatch } from "../ops/gather_batch.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { defineDistiller } from "./definition.ts";
import { FeatureDistiller } from "./feature_distiller.ts";
import { featureLoss, lossWeights } from "./shared_keys.ts";

/** Probabilistic knowledge transfer on the pooled feature (Passalis and Tefas, 2018). mdistiller: `PKT`. */
export class PKT extends FeatureDistiller {
  /** Reads no features before a ReLU. */
  override readonly readsPreact = false;
  /** The loss of one batch. */
  protected override compare(student: Features, teacher: Features): Tensor {
    return pktLoss(gatherBatch(student.pooledFeat), gatherBatch(teacher.pooledFeat));
  }
}

/** Probabilistic knowledge transfer in the configuration. */
export const DEFINITION = defineDistiller({
  name: "PKT",
  doc: "Probabilities of being near, of the pooled feature (Passalis and Tefas, 2018).",
  acrossImages: "compares",
  keys: { LOSS: featureLoss(30000) },
  build: ({ student, teacher, options: { LOSS } }) => new PKT(student, teacher, lossWeights(LOSS)),
});
