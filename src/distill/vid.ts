import { float } from "../config/field.ts";
import { sameSize } from "../losses/features.ts";
import { mseLoss } from "../losses/mse.ts";
import type { Features, Model } from "../models/model.ts";
import { ReLU } from "../nn/activations.ts";
import { Conv2d } from "../nn/conv2d.ts";
import { Sequential } from "../nn/sequential.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { defineDistiller } from "./definition.ts";
import { FeatureDistiller, type FeatureWeights, sumOverStages } from "./feature_distiller.ts";
import { featureLoss, inputSize, lossWeights, nonNegative, NOT_USED } from "./shared_keys.ts";

/** Options of {@linkcode VID}, as in the configuration's `VID` section. */
export interface VIDOptions extends FeatureWeights {
  /** Variance of the prediction. */
  readonly predVar: number;
  /** Shapes of the features for one image. */
  readonly studentShapes: readonly Shape[];
  /** The teacher's, for one image. */
  readonly teacherShapes: readonly Shape[];
}

/**
 * Variational information distillation: the likelihood of the teacher's features of every stage as predicted from the
 * student's (Ahn et al., 2019). mdistiller: `VID`, which does not train the variance either, so that its
 * softplus(log(exp(INIT_PRED_VAR - EPS) - 1)) + EPS is INIT_PRED_VAR.
 */
export class VID extends FeatureDistiller {
  /** Reads no features before a ReLU. */
  override readonly readsPreact = false;
  /** `regressors`, which predict. */
  override readonly extraModules: Readonly<Record<string, Sequential<Sequential>>>;
  readonly #predVar: number;

  /** The teacher should be in eval mode and want no gradients. */
  constructor(student: Model, teacher: Model, options: VIDOptions) {
    super(student, teacher, options);
    const { studentShapes, teacherShapes, predVar } = options;
    const stages = Math.min(studentShapes.length, teacherShapes.length) - 1;
    const regressors = Array.from({ length: stages }, (_, i) => {
      return regressor(studentShapes[i + 1][1], teacherShapes[i + 1][1]);
    });
    this.extraModules = { regressors: new Sequential(...regressors) };
    this.#predVar = predVar;
  }

  /** The loss of one batch. */
  protected override compare(student: Features, teacher: Features): Tensor {
    const { layers } = this.extraModules.regressors;
    return sumOverStages(student, teacher, (s, t, stage) => {
      const [from, target] = sameSize(s, t);
      const squares = mseLoss(layers[stage].forward(from), target);
      return squares.mul(0.5 / this.#predVar).add(0.5 * Math.log(this.#predVar));
    });
  }
}

function regressor(inputs: number, outputs: number): Sequential {
  const conv = (from: number) => new Conv2d(from, outputs, { kernelSize: 1, bias: false });
  return new Sequential(conv(inputs), new ReLU(), conv(outputs), new ReLU(), conv(outputs));
}

/** Variational information distillation in the configuration. */
export const DEFINITION = defineDistiller({
  name: "VID",
  doc: "How well the student's features predict the teacher's (Ahn et al., 2019).",
  keys: {
    LOSS: featureLoss(1),
    EPS: nonNegative(
      1e-5,
      `Smallest predicted variance${NOT_USED}: mdistiller takes it from INIT_PRED_VAR, adds it again and trains neither.`,
    ),
    INIT_PRED_VAR: float(5, "Predicted variance, which is not trained.", { above: 0 }),
    INPUT_SIZE: inputSize(),
  },
  build({ student, teacher, options, featureShapes }) {
    const shapes = featureShapes();
    return new VID(student, teacher, {
      ...lossWeights(options.LOSS),
      studentShapes: shapes.student.feats,
      teacherShapes: shapes.teacher.feats,
      predVar: options.INIT_PRED_VAR,
    });
  },
});
