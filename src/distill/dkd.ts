import { float, int } from "../config/field.ts";
import { dkdLoss } from "../losses/dkd.ts";
import type { Model } from "../models/model.ts";
import type { Module } from "../nn/module.ts";
import { noGrad } from "../tensor/autograd.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { defineDistiller } from "./definition.ts";
import type { Distiller, DistillerOutput, Schedule } from "./distiller.ts";
import { nonNegative } from "./shared_keys.ts";
import { Targets } from "./targets.ts";

/** Options of {@linkcode DKD}, as in the configuration's `DKD` section. */
export interface DKDOptions {
  /** Divides the logits before the soft-max. */
  readonly temperature: number;
  /** Weight of the cross-entropy. */
  readonly ceWeight: number;
  /** Weight of the divergence between the label and the rest. */
  readonly alpha: number;
  /** Weight of the divergence among the other classes. */
  readonly beta: number;
  /** Epochs over which both weights grow to their values. */
  readonly warmup: number;
}

/** Decoupled knowledge distillation (Zhao et al., CVPR 2022). mdistiller: `DKD`. */
export class DKD implements Distiller {
  /** Reads no features before a ReLU. */
  readonly readsPreact = false;
  /** None. */
  readonly extraModules: Readonly<Record<string, Module>> = {};

  /** The teacher should be in eval mode and want no gradients. */
  constructor(readonly student: Model, readonly teacher: Model, readonly options: DKDOptions) {}

  /** Whether the weights are the same at both positions. */
  sameSchedule(a: Schedule, b: Schedule): boolean {
    return this.growth(a) === this.growth(b);
  }

  /** Factor of both weights: `epoch / warmup`, at most 1. */
  growth({ epoch }: Schedule): number {
    return Math.min(1, epoch / this.options.warmup);
  }

  /** `loss_ce` and `loss_kd` of one batch; for mixed images both are those of both labels by their shares. */
  forwardTrain(
    images: Tensor,
    labels: Tensor,
    schedule: Schedule,
    targets: Targets = new Targets(labels),
  ): DistillerOutput {
    const { ceWeight, temperature, alpha, beta } = this.options;
    const { logits } = this.student.forward(images);
    const teacher = noGrad(() => this.teacher.forward(images).logits);
    const distance = targets.average((each) =>
      dkdLoss(logits, teacher, each, { temperature, alpha, beta })
    );
    return {
      logits,
      losses: {
        loss_ce: targets.crossEntropy(logits).mul(ceWeight),
        loss_kd: distance.mul(this.growth(schedule)),
      },
    };
  }
}

/** DKD in the configuration. */
export const DEFINITION = defineDistiller({
  name: "DKD",
  doc: "The divergence of the target class and of the others apart (Zhao et al., 2022).",
  keys: {
    CE_WEIGHT: nonNegative(1, "Weight of the cross-entropy."),
    ALPHA: nonNegative(1, "Weight of the target-class term."),
    BETA: nonNegative(8, "Weight of the non-target-class term."),
    T: float(4, "Temperature of the soft-max of teacher and student.", { above: 0 }),
    WARMUP: int(20, "Epochs over which the weight grows to its value.", { min: 0 }),
  },
  build: ({ student, teacher, options: { CE_WEIGHT, ALPHA, BETA, T, WARMUP } }) =>
    new DKD(student, teacher, {
      ceWeight: CE_WEIGHT,
      alpha: ALPHA,
      beta: BETA,
      temperature: T,
      warmup: WARMUP,
    }),
});
