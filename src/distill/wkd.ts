import { UserError } from "../errors.ts";
import { wkdFeatureLoss } from "../losses/wkd_feature.ts";
import { wkdLogitLossWithTargetSeparation } from "../losses/wkd_logit.ts";
import type { Model, ModelOutput } from "../models/model.ts";
import type { Module } from "../nn/module.ts";
import { weightedSum, type WeightedTerm } from "../ops/elementwise/weighted_sum.ts";
import { CostKernel } from "../ops/sinkhorn/cost_kernel.ts";
import { noGrad } from "../tensor/autograd.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { ConvReg, ConvRegBottleneck } from "./parts/conv_reg.ts";
import { defineDistiller, type DistillerParts } from "./definition.ts";
import type { Distiller, DistillerOutput, Schedule } from "./distiller.ts";
import { hintShape } from "./feature_distiller.ts";
import { Targets } from "./targets.ts";
import {
  HINT_KEY,
  KEYS,
  type SettledWkd,
  settleWkd,
  wkdParts,
  type WkdSettings,
} from "./wkd_settings.ts";

/** Options of WKD-L, as in the configuration's `WKD` section. */
export interface WKDLogitOptions {
  /** Weight of the distance (`WKD_LOGIT_WEIGHT`). */
  readonly weight: number;
  /** Divides the logits before the soft-max. */
  readonly temperature: number;
  /** Sinkhorn iterations. */
  readonly iterations: number;
  /** Costs between classes, with lambda and sharpening in it. */
  readonly cost: CostKernel;
}

/** Options of WKD-F, as in the configuration's `WKD` section. */
export interface WKDFeatureOptions {
  /** Weight of the distance (`WKD_FEAT_WEIGHT`). */
  readonly weight: number;
  /** Index into the features; negative ones count from the end. */
  readonly hintLayer: number;
  /** Weight of the means against the standard deviations. */
  readonly meanCovRatio: number;
  /** Layers that take the student's feature to the teacher's shape. */
  readonly projector: "conv1x1" | "bottleneck";
  /** Cells of an n x n grid over the map are compared one by one. */
  readonly grid: number;
  /** Added to the variances before the square root. */
  readonly eps: number;
  /** Shapes of the features for one image. */
  readonly studentShapes: readonly Shape[];
  /** The teacher's, for one image. */
  readonly teacherShapes: readonly Shape[];
}

/** Options of {@linkcode WKD}. */
export interface WKDOptions {
  /** Weight of the cross-entropy. */
  readonly ceWeight: number;
  /** After this epoch the weights of both distances fall to 0 along half a cosine. */
  readonly cosineDecayEpoch: number;
  /** WKD-L; null turns it off. */
  readonly logit: WKDLogitOptions | null;
  /** WKD-F; null turns it off. */
  readonly feature: WKDFeatureOptions | null;
}

/**
 * Distillation with the Wasserstein distance: WKD-L on the logits, WKD-F on a feature map, or both
 * (Lv et al., NeurIPS 2024).
 */
export class WKD implements Distiller {
  /** Reads no features before a ReLU. */
  readonly readsPreact = false;
  /** `conv_reg`, the projector, with WKD-F; else none. */
  readonly extraModules: Readonly<Record<string, Module>>;
  readonly #projector: (Module & { forward(x: Tensor): Tensor }) | null = null;

  /**
   * The teacher should be in eval mode and want no gradients.
   *
   * @throws UserError when both parts are off, the hint layer is none, or no projector fits.
   */
  constructor(readonly student: Model, readonly teacher: Model, readonly options: WKDOptions) {
    const { logit, feature } = options;
    if (!logit && !feature) {
      throw new UserError(
        "WKD without a loss: set WKD.LOSS.WKD_LOGIT_WEIGHT or WKD.LOSS.WKD_FEAT_WEIGHT above 0",
      );
    }
    if (feature) {
      const from = hintShape(feature.studentShapes, feature.hintLayer, HINT_KEY, "student");
      const to = hintShape(feature.teacherShapes, feature.hintLayer, HINT_KEY, "teacher");
      this.#projector = feature.projector === "conv1x1"
        ? new ConvReg(from, to)
        : new ConvRegBottleneck(from, to);
    }
    this.extraModules = this.#projector ? { conv_reg: this.#projector } : {};
  }

  /** Whether both weights are the same at both positions. */
  sameSchedule(a: Schedule, b: Schedule): boolean {
    return this.decay(a) === this.decay(b);
  }

  /** Factor of both weights: 1 up to `cosineDecayEpoch`, then half a cosine down to 0. */
  decay({ epoch, epochs }: Schedule): number {
    const start = this.options.cosineDecayEpoch;
    if (epoch <= start) return 1;
    return 0.5 * (1 + Math.cos((epoch - start) / (epochs - start) * Math.PI));
  }

  /**
   * `loss_ce`, and the weighted distances `loss_wkd_l` and `loss_wkd_f`, of which one may be off, of one batch. For mixed
   * images WKD-L is that with the one label separated and that with the other, by their shares; WKD-F knows no labels.
   */
  forwardTrain(
    images: Tensor,
    labels: Tensor,
    schedule: Schedule,
    targets: Targets = new Targets(labels),
  ): DistillerOutput {
    const { ceWeight, logit, feature } = this.options;
    const factor = this.decay(schedule);
    const student = this.student.forward(images);
    const teacher = noGrad(() => this.teacher.forward(images));
    const loss_wkd_l = logit && this.#logitLoss(student, teacher, targets, logit, factor);
    const loss_wkd_f = feature &&
      weightedSum(this.#featureLoss(student, teacher, feature, factor));
    return {
      logits: student.logits,
      losses: {
        loss_ce: weightedSum([[targets.crossEntropy(student.logits), ceWeight]]),
        ...(loss_wkd_l && { loss_wkd_l }),
        ...(loss_wkd_f && { loss_wkd_f }),
      },
    };
  }

  /** Frees what is not in the models or the extra modules. */
  dispose(): void {
    this.options.logit?.cost.dispose();
  }

  #logitLoss(
    student: ModelOutput,
    teacher: ModelOutput,
    targets: Targets,
    { cost, temperature, iterations, weight }: WKDLogitOptions,
    factor: number,
  ): Tensor {
    const options = { temperature, iterations, gamma: weight * factor };
    return targets.average((labels) =>
      wkdLogitLossWithTargetSeparation(student.logits, teacher.logits, labels, cost, options)
    );
  }

  #featureLoss(
    student: ModelOutput,
    teacher: ModelOutput,
    { hintLayer, meanCovRatio, grid, eps, weight }: WKDFeatureOptions,
    factor: number,
  ): WeightedTerm[] {
    const { meanLoss, covLoss } = wkdFeatureLoss(
      this.#projector!.forward(student.features.feats.at(hintLayer)!),
      teacher.features.feats.at(hintLayer)!,
      { grid, eps },
    );
    return [[meanLoss, meanCovRatio * weight * factor], [covLoss, weight * factor]];
  }
}

type Parts = DistillerParts<WkdSettings>;

/** WKD in the configuration. */
export const DEFINITION = defineDistiller({
  name: "WKD",
  doc: "Wasserstein distances between logits and between features (Lv et al., 2024).",
  keys: KEYS,
  costMatrix: ({ LOSS }) => {
    const [logit] = wkdParts(LOSS);
    return logit;
  },
  settle: settleWkd,
  async build(parts) {
    const { student, teacher, epochs, warn } = parts;
    const options = settleWkd(parts);
    const { LOSS } = options;
    const feature = LOSS.WKD_FEAT_WEIGHT > 0 ? featureOptions(parts, options) : null;
    const logit = LOSS.WKD_LOGIT_WEIGHT > 0 ? await logitOptions(parts, options) : null;
    try {
      const cosineDecayEpoch = LOSS.COSINE_DECAY_EPOCH;
      const distiller = new WKD(student, teacher, {
        ...{ ceWeight: LOSS.CE_WEIGHT, cosineDecayEpoch, logit, feature },
      });
      // Half a cosine ends at 0, and the last epoch is the only one.
      if (epochs === 1 && distiller.decay({ epoch: 1, epochs }) === 0) {
        warn(
          "with SOLVER.EPOCHS 1 and WKD.LOSS.COSINE_DECAY_EPOCH 0 the weights of WKD's losses have fallen to 0 in the " +
            "only epoch: nothing is distilled; train for more epochs, or set WKD.LOSS.COSINE_DECAY_EPOCH 1",
        );
      }
      return distiller;
    } catch (error) {
      logit?.cost.dispose();
      throw error;
    }
  },
});

async function logitOptions(
  { images, costMatrix }: Parts,
  { LOSS, TEMPERATURE, SINKHORN, COST_MATRIX_SHARPEN }: SettledWkd,
): Promise<WKDLogitOptions> {
  const cost = await costMatrix();
  return {
    weight: LOSS.WKD_LOGIT_WEIGHT,
    temperature: TEMPERATURE,
    iterations: SINKHORN.ITER,
    cost: new CostKernel(cost, images.classes.length, {
      lambda: SINKHORN.LAMBDA,
      sharpen: COST_MATRIX_SHARPEN,
    }),
  };
}

function featureOptions({ featureShapes }: Parts, options: SettledWkd): WKDFeatureOptions {
  const shapes = featureShapes();
  return {
    weight: options.LOSS.WKD_FEAT_WEIGHT,
    hintLayer: options.HINT_LAYER,
    meanCovRatio: options.MEAN_COV_RATIO,
    projector: options.PROJECTOR,
    grid: options.SPATIAL_GRID,
    eps: options.EPS,
    studentShapes: shapes.student.feats,
    teacherShapes: shapes.teacher.feats,
  };
}
