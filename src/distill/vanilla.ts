import type { Model } from "../models/model.ts";
import { crossEntropy } from "../ops/cross_entropy.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Distiller, DistillerOutput } from "./distiller.ts";

/** Training without a teacher: cross-entropy alone. mdistiller: `Vanilla`, `DISTILLER.TYPE: NONE`. */
export class Vanilla implements Distiller {
  readonly teacher = null;
  readonly extraModules = {};

  constructor(readonly student: Model) {}

  sameSchedule(): boolean {
    return true;
  }

  forwardTrain(images: Tensor, labels: Tensor): DistillerOutput {
    const { logits } = this.student.forward(images);
    return { logits, losses: { loss_ce: crossEntropy(logits, labels) } };
  }
}
