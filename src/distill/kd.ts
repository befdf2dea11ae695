import { classRelationLoss } from "../losses/class_relation.ts";
import { kdLoss } from "../losses/kd.ts";
import type { Model } from "../models/model.ts";
import type { Module } from "../nn/module.ts";
import { crossEntropy } from "../ops/cross_entropy.ts";
import { noGrad } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Distiller, DistillerOutput } from "./distiller.ts";

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
  /** None. */
  readonly extraModules: Readonly<Record<string, Module>> = {};

  /** The teacher should be in eval mode and want no gradients. */
  constructor(readonly student: Model, readonly teacher: Model, readonly options: KDOptions) {}

  /** Always: the loss does not depend on the epoch. */
  sameSchedule(): boolean {
    return true;
  }

  /** `loss_ce`, `loss_kd`, and `loss_ir` where it has a weight, of one batch. */
  forwardTrain(images: Tensor, labels: Tensor): DistillerOutput {
    const { temperature, ceWeight, kdWeight, irWeight = 0 } = this.options;
    const { logits } = this.student.forward(images);
    const teacher = noGrad(() => this.teacher.forward(images).logits);
    return {
      logits,
      losses: {
        loss_ce: crossEntropy(logits, labels).mul(ceWeight),
        loss_kd: kdLoss(logits, teacher, { temperature }).mul(kdWeight),
        ...(irWeight > 0 && { loss_ir: this.#relationLoss().mul(irWeight) }),
      },
    };
  }

  #relationLoss(): Tensor {
    return classRelationLoss(this.student.classifier.weight, this.teacher.classifier.weight);
  }
}
