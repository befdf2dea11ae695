import { int } from "../config/field.ts";
import { mseLoss } from "../losses/mse.ts";
import type { Model } from "../models/model.ts";
import type { Module } from "../nn/module.ts";
import { noGrad } from "../tensor/autograd.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { ConvReg } from "./parts/conv_reg.ts";
import { defineDistiller } from "./definition.ts";
import type { Distiller, DistillerOutput, Schedule } from "./distiller.ts";
import { hintShape } from "./feature_distiller.ts";
import { featureLoss, inputSize, lossWeights } from "./shared_keys.ts";
import { Targets } from "./targets.ts";

/** Options of {@linkcode FitNet}, as in the configuration's `FITNET` section. */
export interface FitNetOptions {
  /** Weight of the cross-entropy. */
  readonly ceWeight: number;
  /** Weight of the squared difference. */
  readonly featWeight: number;
  /** Index into the features; negative ones count from the end. */
  readonly hintLayer: number;
  /** Shapes of the features for one image. */
  readonly studentShapes: readonly Shape[];
  /** The teacher's, for one image. */
  readonly teacherShapes: readonly Shape[];
}

/**
 * The mean squared difference of one feature map, the student's taken to the teacher's shape by a trained layer
 * (Romero et al., 2015). mdistiller: `FitNet`.
 */
export class FitNet implements Distiller {
  /** Reads no features before a ReLU. */
  readonly readsPreact = false;
  /** `conv_reg`, the layer between the features. */
  readonly extraModules: Readonly<Record<string, Module>>;
  readonly #regressor: ConvReg;

  /**
   * The teacher should be in eval mode and want no gradients.
   *
   * @throws UserError when the hint layer is none, or no layer fits.
   */
  constructor(readonly student: Model, readonly teacher: Model, readonly options: FitNetOptions) {
    const { hintLayer, studentShapes, teacherShapes } = options;
    this.#regressor = new ConvReg(
      hintShape(studentShapes, hintLayer, "FITNET.HINT_LAYER", "student"),
      hintShape(teacherShapes, hintLayer, "FITNET.HINT_LAYER", "teacher"),
    );
    this.extraModules = { conv_reg: this.#regressor };
  }

  /** Always: the loss does not depend on the epoch. */
  sameSchedule(): boolean {
    return true;
  }

  /** `loss_ce` and `loss_kd` of one batch. */
  forwardTrain(
    images: Tensor,
    labels: Tensor,
    _schedule?: Schedule,
    targets: Targets = new Targets(labels),
  ): DistillerOutput {
    const { ceWeight, featWeight, hintLayer } = this.options;
    const { logits, features } = this.student.forward(images);
    const teacher = noGrad(() => this.teacher.forward(images).features.feats.at(hintLayer)!);
    const student = this.#regressor.forward(features.feats.at(hintLayer)!);
    return {
      logits,
      losses: {
        loss_ce: targets.crossEntropy(logits).mul(ceWeight),
        loss_kd: mseLoss(student, teacher).mul(featWeight),
      },
    };
  }
}

/** FitNet in the configuration. */
export const DEFINITION = defineDistiller({
  name: "FITNET",
  doc: "One feature map, through a trained layer (Romero et al., 2015).",
  keys: {
    HINT_LAYER: int(2, "Index into the features, 0 is the stem; negative counts from the end."),
    INPUT_SIZE: inputSize(),
    LOSS: featureLoss(100),
  },
  build({ student, teacher, options, featureShapes }) {
    const shapes = featureShapes();
    return new FitNet(student, teacher, {
      ...lossWeights(options.LOSS),
      studentShapes: shapes.student.feats,
      teacherShapes: shapes.teacher.feats,
      hintLayer: options.HINT_LAYER,
    });
  },
});
