import { UserError } from "../errors.ts";
import type { Features, Model } from "../models/model.ts";
import type { Module } from "../nn/module.ts";
import { noGrad } from "../tensor/autograd.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Distiller, DistillerOutput, Schedule } from "./distiller.ts";
import { Targets } from "./targets.ts";

/** Weights of a distiller that compares features. */
export interface FeatureWeights {
  /** Weight of the cross-entropy. */
  readonly ceWeight: number;
  /** Weight of the difference of the features. */
  readonly featWeight: number;
}

/** A distiller whose loss is a function of the features of student and teacher. */
export abstract class FeatureDistiller implements Distiller {
  /** Whether the method reads `preactFeats`. Default true. */
  readonly readsPreact: boolean = true;
  /** None, unless the method has some. */
  readonly extraModules: Readonly<Record<string, Module>> = {};

  /** The teacher should be in eval mode and want no gradients. */
  constructor(
    readonly student: Model,
    readonly teacher: Model,
    readonly weights: FeatureWeights,
  ) {}

  /** Always, unless the method says otherwise. */
  sameSchedule(_a: Schedule, _b: Schedule): boolean {
    return true;
  }

  /** `loss_ce` and `loss_kd` of one batch. */
  forwardTrain(
    images: Tensor,
    labels: Tensor,
    schedule: Schedule,
    targets: Targets = new Targets(labels),
  ): DistillerOutput {
    const { ceWeight, featWeight } = this.weights;
    const { logits, features } = this.student.forward(images);
    const teacher = noGrad(() => this.teach(images));
    const difference = this.compare(float32(features), float32(teacher), schedule);
    return {
      logits,
      losses: {
        loss_ce: targets.crossEntropy(logits).mul(ceWeight),
        loss_kd: difference.mul(featWeight),
      },
    };
  }

  /** The teacher's features of the images. */
  protected teach(images: Tensor): Features {
    return this.teacher.forward(images).features;
  }

  /** How much the student's features differ from the teacher's. */
  protected abstract compare(student: Features, teacher: Features, schedule: Schedule): Tensor;
}

/** Under mixed precision the networks' features are float16, which differences should not be. */
function float32({ feats, preactFeats, pooledFeat }: Features): Features {
  return {
    feats: feats.map((each) => each.to("float32")),
    preactFeats: preactFeats.map((each) => each.to("float32")),
    pooledFeat: pooledFeat.to("float32"),
  };
}

/**
 * The shape of the feature that a configuration key chooses; negative ones count from the end.
 *
 * @param key the key, for the error, such as `WKD.HINT_LAYER`
 * @param who whose features they are, for the error
 * @throws UserError when there is no such feature
 */
export function hintShape(
  shapes: readonly Shape[],
  index: number,
  key: string,
  who: "student" | "teacher",
): Shape {
  const shape = shapes.at(index);
  if (!shape) {
    throw new UserError(
      `${key} ${index}: the ${who} has ${shapes.length} features, ` +
        `0 to ${shapes.length - 1} or counted from the end`,
    );
  }
  return shape;
}

/** The sum of a loss over the features of all stages but the stem; surplus stages of one model are left out. */
export function sumOverStages(
  student: Features,
  teacher: Features,
  loss: (student: Tensor, teacher: Tensor, stage: number) => Tensor,
): Tensor {
  const stages = Math.min(student.feats.length, teacher.feats.length) - 1;
  return Array.from({ length: stages }, (_, i) => {
    return loss(student.feats[i + 1], teacher.feats[i + 1], i);
  }).reduce((sum, term) => sum.add(term));
}
