import type { Model } from "../models/model.ts";
import type { Module } from "../nn/module.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { defineDistiller } from "./definition.ts";
import type { Distiller, DistillerOutput, Schedule } from "./distiller.ts";
import { Targets } from "./targets.ts";

/** Training without a teacher: cross-entropy alone. mdistiller: `Vanilla`, `DISTILLER.TYPE: NONE`. */
export class Vanilla implements Distiller {
  /** Reads no features before a ReLU. */
  readonly readsPreact = false;
  /** None. */
  readonly teacher = null;
  /** None. */
  readonly extraModules: Readonly<Record<string, Module>> = {};

  /** Trains `student`. */
  constructor(readonly student: Model) {}

  /** Always: the loss does not depend on the epoch. */
  sameSchedule(): boolean {
    return true;
  }

  /** `loss_ce` of one batch. */
  forwardTrain(
    images: Tensor,
    labels: Tensor,
    _schedule?: Schedule,
    targets: Targets = new Targets(labels),
  ): DistillerOutput {
    const { logits } = this.student.forward(images);
    return { logits, losses: { loss_ce: targets.crossEntropy(logits) } };
  }
}

/** No teacher. */
export const DEFINITION = defineDistiller({
  name: "NONE",
  doc: "The student alone: cross-entropy, without a teacher.",
  keys: {},
  teacher: false,
  build: ({ student }) => new Vanilla(student),
});
