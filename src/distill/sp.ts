import { similarityLoss } from "../losses/similarity.ts";
import type { Features } from "../models/model.ts";
import { gatherBatch } from "../ops/gather_batch.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { defineDistiller } from "./definition.ts";
import { FeatureDistiller } from "./feature_distiller.ts";
import { featureLoss, lossWeights } from "./shared_keys.ts";

/** Similarity-preserving distillation on the last feature map (Tung and Mori, 2019). mdistiller: `SP`. */
export class SP extends FeatureDistiller {
  /** Reads no features before a ReLU. */
  override readonly readsPreact = false;
  /** The loss of one batch. */
  protected override compare(student: Features, teacher: Features): Tensor {
    const [s, t] = [student, teacher].map(({ feats }) => gatherBatch(feats.at(-1)!));
    return similarityLoss(s, t);
  }
}

/** Similarity-preserving distillation in the configuration. */
export const DEFINITION = defineDistiller({
  name: "SP",
  doc: "Similarities of the images of a batch (Tung and Mori, 2019).",
  acrossImages: "compares",
  keys: { LOSS: featureLoss(3000) },
  build: ({ student, teacher, options: { LOSS } }) => new SP(student, teacher, lossWeights(LOSS)),
});
