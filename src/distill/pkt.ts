import { pktLoss } from "../losses/pkt.ts";
import type { Features } from "../models/model.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { FeatureDistiller } from "./feature_distiller.ts";

/** Probabilistic knowledge transfer on the pooled feature (Passalis and Tefas, 2018). mdistiller: `PKT`. */
export class PKT extends FeatureDistiller {
  /** The loss of one batch. */
  protected override compare(student: Features, teacher: Features): Tensor {
    return pktLoss(student.pooledFeat, teacher.pooledFeat);
  }
}
