import { bool, int, ints, type ValuesOf } from "../config/field.ts";
import { UserError } from "../errors.ts";
import { hierarchicalContextLoss } from "../losses/hierarchical_context.ts";
import type { Features, Model } from "../models/model.ts";
import { Module } from "../nn/module.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { defineDistiller, type FeatureShapes } from "./definition.ts";
import type { Schedule } from "./distiller.ts";
import { FeatureDistiller, type FeatureWeights } from "./feature_distiller.ts";
import { ReviewFusion } from "./parts/review_fusion.ts";
import { nonNegative } from "./shared_keys.ts";

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

const KEYS = {
  CE_WEIGHT: nonNegative(1, "Weight of the cross-entropy."),
  REVIEWKD_WEIGHT: nonNegative(1, "Weight of the distillation loss."),
  WARMUP_EPOCHS: int(20, "Epochs over which the weight grows to its value.", { min: 0 }),
  SHAPES: ints([1, 8, 16, 32], "Sizes of the student's features, in pixels.", { min: 1 }),
  OUT_SHAPES: ints([1, 8, 16, 32], "Sizes of the teacher's features, in pixels.", { min: 1 }),
  IN_CHANNELS: ints([64, 128, 256, 256], "Channels of the student's features.", { min: 1 }),
  OUT_CHANNELS: ints([64, 128, 256, 256], "Channels of the teacher's features.", { min: 1 }),
  MAX_MID_CHANNEL: int(
    MOST_CHANNELS,
    "Most channels in the fusion blocks; read and not used, as in mdistiller, which takes 512.",
    { min: 1 },
  ),
  STU_PREACT: bool(false, "Use the student's features before activation."),
};

/** Knowledge review in the configuration. */
export const DEFINITION = defineDistiller({
  name: "REVIEWKD",
  doc: "Each stage of the teacher teaches the student's up to it (Chen et al., 2021).",
  keys: KEYS,
  build({ student, teacher, studentName, teacherName, options, featureShapes }) {
    const shapes = featureShapes();
    checkLists(
      options,
      { name: studentName, ...shapes.student },
      { name: teacherName, ...shapes.teacher },
    );
    return new ReviewKD(student, teacher, {
      ceWeight: options.CE_WEIGHT,
      featWeight: options.REVIEWKD_WEIGHT,
      warmup: options.WARMUP_EPOCHS,
      shapes: options.SHAPES,
      outShapes: options.OUT_SHAPES,
      inChannels: options.IN_CHANNELS,
      outChannels: options.OUT_CHANNELS,
      studentPreact: options.STU_PREACT,
    });
  },
});

/** A model, and the shapes of what it hands to ReviewKD. */
interface ReviewedModel extends FeatureShapes {
  readonly name: string;
}

/**
 * Refuses settings that do not fit the models. The sizes and channels are lists from both ends: the pooled feature comes
 * first in SHAPES and OUT_SHAPES, and last in IN_CHANNELS and OUT_CHANNELS.
 *
 * @throws UserError naming the key and the list that is wanted
 */
function checkLists(
  { SHAPES, OUT_SHAPES, IN_CHANNELS, OUT_CHANNELS }: ValuesOf<typeof KEYS>,
  student: ReviewedModel,
  teacher: ReviewedModel,
): void {
  const count = teacher.feats.length;
  const lists = [
    ["SHAPES", SHAPES, student, sizes],
    ["OUT_SHAPES", OUT_SHAPES, teacher, sizes],
    ["IN_CHANNELS", IN_CHANNELS, student, channels],
    ["OUT_CHANNELS", OUT_CHANNELS, teacher, channels],
  ] as const;
  for (const [key, list, model, wantedOf] of lists) {
    const wanted = wantedOf(model).slice(...(wantedOf === sizes ? [0, count] : [-count]));
    if (String(list) === String(wanted)) continue;
    throw new UserError(
      `REVIEWKD.${key} is [${list.join(", ")}], but ${model.name}'s features want ` +
        `[${wanted.join(", ")}]`,
    );
  }
}

function sizes({ feats }: ReviewedModel): number[] {
  return [1, ...feats.map((shape) => shape[3]).reverse()];
}

function channels({ feats, pooledFeat }: ReviewedModel): number[] {
  return [...feats.map((shape) => shape[1]), pooledFeat[1]];
}
