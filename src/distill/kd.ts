import { float } from "../config/field.ts";
import { classRelationLoss } from "../losses/class_relation.ts";
import { kdLoss } from "../losses/kd.ts";
import type { Model } from "../models/model.ts";
import type { Module } from "../nn/module.ts";
import { noGrad } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { defineDistiller } from "./definition.ts";
import type { Distiller, DistillerOutput, Schedule } from "./distiller.ts";
import { nonNegative } from "./shared_keys.ts";
import { Targets } from "./targets.ts";

/** Options of {@linkcode KD}, as in the configuration's `KD` section. */
export interface KDOptions {
  /** Divides the logits before the soft-max. */
  readonly temperature: number;
  /** Weight of the cross-entropy. */
  readonly ceWeight: number;
  /** Weight of the divergence. */
  readonly kdWeight: number;
  /** Weight of the difference between the classifiers' cosines of classes; default 0, which leaves it out. */
  readonly irWeight?: number;
}

/** Knowledge distillation by Kullback-Leibler divergence (Hinton et al., 2015). mdistiller: `KD`. */
export class KD implements Distiller {
  /** Reads no features before a ReLU. */
  readonly readsPreact = false;
  /** None. */
  readonly extraModules: Readonly<Record<string, Module>> = {};

  /** The teacher should be in eval mode and want no gradients. */
  constructor(readonly student: Model, readonly teacher: Model, readonly options: KDOptions) {}

  /** Always: the loss does not depend on the epoch. */
  sameSchedule(): boolean {
    return true;
  }

  /** `loss_ce`, `loss_kd`, and `loss_ir` where it has a weight, of one batch. */
  forwardTrain(
    images: Tensor,
    labels: Tensor,
    _schedule?: Schedule,
    targets: Targets = new Targets(labels),
  ): DistillerOutput {
    const { temperature, ceWeight, kdWeight, irWeight = 0 } = this.options;
    const { logits } = this.student.forward(images);
    const teacher = noGrad(() => this.teacher.forward(images).logits);
    return {
      logits,
      losses: {
        loss_ce: targets.crossEntropy(logits).mul(ceWeight),
        loss_kd: kdLoss(logits, teacher, { temperature }).mul(kdWeight),
        ...(irWeight > 0 && { loss_ir: this.#relationLoss().mul(irWeight) }),
      },
    };
  }

  #relationLoss(): Tensor {
    return classRelationLoss(this.student.classifier.weight, this.teacher.classifier.weight);
  }
}

/** Knowledge distillation in the configuration. */
export const DEFINITION = defineDistiller({
  name: "KD",
  doc: "The divergence between the softened outputs (Hinton et al., 2015).",
  keys: {
    TEMPERATURE: float(4, "Temperature of the soft-max of teacher and student.", { above: 0 }),
    LOSS: {
      CE_WEIGHT: nonNegative(0.1, "Weight of the cross-entropy."),
      KD_WEIGHT: nonNegative(0.9, "Weight of the distillation loss."),
      IR_WEIGHT: nonNegative(
        0,
        "Weight of the difference between the classifiers' cosines of classes, which WKD's code adds with 0.5 and mdistiller not at all.",
      ),
    },
  },
  build: ({ student, teacher, options: { TEMPERATURE, LOSS } }) =>
    new KD(student, teacher, {
      temperature: TEMPERATURE,
      ceWeight: LOSS.CE_WEIGHT,
      kdWeight: LOSS.KD_WEIGHT,
      irWeight: LOSS.IR_WEIGHT,
    }),
});
