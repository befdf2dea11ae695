import { UserError } from "../errors.ts";
import { hierarchicalContextLoss } from "../losses/hierarchical_context.ts";
import type { Features, Model } from "../models/model.ts";
import { Module } from "../nn/module.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Schedule } from "./distiller.ts";
import { FeatureDistiller, type FeatureWeights } from "./feature_distiller.ts";
import { ReviewFusion } from "./review_fusion.ts";

/** Options of {@linkcode ReviewKD}, as in the configuration's `REVIEWKD` section. */
export interface ReviewKDOptions extends FeatureWeights {
  /** Epochs over which the weight grows to its value. */
  readonly warmup: number;
  /** Sizes of the student's features, the pooled one first, then from the deepest. */
  readonly shapes: readonly number[];
  /** Sizes of the teacher's, in the same order. */
  readonly outShapes: readonly number[];
  /** Channels of the student's features, the pooled one last. */
  readonly inChannels: readonly number[];
  /** Channels of the teacher's. */
  readonly outChannels: readonly number[];
  /** Take the student's features before activation. */
  readonly studentPreact: boolean;
}

/** Most channels within the fusions; mdistiller reads REVIEWKD.MAX_MID_CHANNEL and does not use it. */
const MOST_CHANNELS = 512;

/**
 * Knowledge review: each stage of the teacher teaches the student's stages up to it, fused from the deepest (Chen et al.,
 * CVPR 2021). mdistiller: `ReviewKD`.
 */
export class ReviewKD extends FeatureDistiller {
  /** `abfs`, the fusions, the deepest first. */
  override readonly extraModules: Readonly<Record<string, Module>>;
  readonly #fusions: Fusions;

  /**
   * The teacher should be in eval mode and want no gradients.
   *
   * @throws UserError when the lists of sizes and channels are not equally long.
   */
  constructor(student: Model, teacher: Model, readonly options: ReviewKDOptions) {
    super(student, teacher, options);
    const { shapes, outShapes, inChannels, outChannels } = options;
    if (new Set([shapes, outShapes, inChannels, outChannels].map((list) => list.length)).size > 1) {
      throw new UserError(
        "REVIEWKD.SHAPES, OUT_SHAPES, IN_CHANNELS and OUT_CHANNELS must have as many numbers each",
      );
    }
    this.#fusions = new Fusions(inChannels, outChannels);
    this.extraModules = { abfs: this.#fusions };
  }

  /** Whether the weight is the same at both positions. */
  override sameSchedule(a: Schedule, b: Schedule): boolean {
    return this.growth(a) === this.growth(b);
  }

  /** Factor of the weight: `epoch / warmup`, at most 1. */
  growth({ epoch }: Schedule): number {
    return Math.min(1, epoch / this.options.warmup);
  }

  /** The loss of one batch. */
  protected override compare(student: Features, teacher: Features, schedule: Schedule): Tensor {
    const { shapes, outShapes, studentPreact } = this.options;
    const own = studentPreact ? student.preactFeats : student.feats;
    const fromDeepest = [...own, asMap(student.pooledFeat)].reverse();
    const targets = [...teacher.preactFeats.slice(1), asMap(teacher.pooledFeat)];
    const { fusions } = this.#fusions;
    if (fromDeepest.length < fusions.length || targets.length !== fusions.length) {
      throw new UserError(
        `REVIEWKD.SHAPES has ${fusions.length} numbers; ${targets.length} are wanted, for the ` +
          "teacher's stages and its pooled feature",
      );
    }
    let deeper: Tensor | null = null;
    const losses: Tensor[] = [];
    for (const [i, fusion] of fusions.entries()) {
      const made = fusion.forward(fromDeepest[i], deeper, shapes[i], outShapes[i]);
      losses.push(hierarchicalContextLoss(made.output, targets[targets.length - 1 - i]));
      deeper = made.onward;
    }
    return losses.reduce((sum, loss) => sum.add(loss)).mul(this.growth(schedule));
  }
}

/** The fusions by their index, the deepest first. */
class Fusions extends Module {
  readonly fusions: readonly ReviewFusion[];

  constructor(inChannels: readonly number[], outChannels: readonly number[]) {
    super();
    const middle = Math.min(MOST_CHANNELS, inChannels.at(-1)!);
    const last = inChannels.length - 1;
    this.fusions = inChannels.map((inputs, i) => {
      return new ReviewFusion(inputs, middle, outChannels[i], i < last);
    }).reverse();
  }

  override *namedChildren(): Iterable<[string, Module]> {
    for (const [i, fusion] of this.fusions.entries()) yield [String(i), fusion];
  }
}

/** [N, C] as [N, C, 1, 1]. */
function asMap(x: Tensor): Tensor {
  return x.reshape(...x.shape, 1, 1);
}
