import { auto, choice, float, int, ints, type ValuesOf } from "../config/field.ts";
import { UserError } from "../errors.ts";
import type { Shape } from "../tensor/shape.ts";
import type { DistillerParts } from "./definition.ts";
import { hintShape } from "./feature_distiller.ts";
import { costMatrixKeys } from "./shared_keys.ts";

/** The key that chooses the feature, for errors. */
export const HINT_KEY = "WKD.HINT_LAYER";
/** WKD-L's weight where none is given: between the authors' for ImageNet (10 to 30) and for CIFAR-100 (60 to 600). */
const LOGIT_WEIGHT = 50;
/** WKD-F's weight times the teacher's channels, over which its distance sums; the authors' have 10 to 64. */
const FEATURE_WEIGHT = 16;
/** The authors' grid. */
const GRID = 4;
/** The authors' feature. */
const HINT_LAYER = 4;
/** Part of the epochs behind which the weights fall: the authors' 150 of 240. */
const DECAY = 5 / 8;
/** Runs of fewer epochs are over before the weights would have to fall. */
const DECAYING = 20;

/** The keys of the section WKD. */
export const KEYS = {
  LOSS: {
    CE_WEIGHT: float(1, "Weight of the cross-entropy.", { min: 0 }),
    WKD_LOGIT_WEIGHT: auto(
      float(
        0,
        "Weight of WKD-L's Wasserstein distance between logits; 0 turns WKD-L off (the authors' default is 1); auto is 0 where the other weight is above 0, else 50.",
        { min: 0 },
      ),
      true,
    ),
    WKD_FEAT_WEIGHT: auto(
      float(
        0,
        "Weight of WKD-F's Gaussian Wasserstein distance between features; 0 turns WKD-F off (the authors' default is 1); auto is 0 where the other weight is above 0, else 16 divided by the channels of the teacher's feature.",
        { min: 0 },
      ),
      true,
    ),
    COSINE_DECAY_EPOCH: auto(int(
      0,
      "After this epoch both weights fall to 0 along half a cosine; an epoch past the last never starts it; auto is 0, as the authors', where one of the weights is given and above 0, else five eighths of the epochs, and never in runs of fewer than 20.",
      { min: 0 },
    )),
  },
  INPUT_SIZE: ints(
    [32, 32],
    "Height and width of the images, in pixels (the authors' default is 224, 224); read for compatibility and not used: the data set says them.",
    { length: 2, min: 1 },
  ),
  TEMPERATURE: float(4, "Temperature of the soft-max in WKD-L.", { above: 0 }),
  ...costMatrixKeys(),
  SINKHORN: {
    LAMBDA: float(0.05, "Strength of the entropy term of Sinkhorn's distance.", { above: 0 }),
    ITER: int(10, "Sinkhorn iterations.", { min: 1, memory: true }),
  },
  EPS: float(1e-5, "Added to the variances in WKD-F before the square root.", { min: 0 }),
  HINT_LAYER: auto(int(
    4,
    "Index into the features that WKD-F compares, 0 is the stem, negative counts from the end (the authors' default is 4, which the CIFAR networks lack); auto is the deepest pair that can be compared.",
  )),
  MEAN_COV_RATIO: float(2, "Weight of the means against the standard deviations in WKD-F.", {
    min: 0,
  }),
  PROJECTOR: {
    ...choice(
      ["auto", "bottleneck", "conv1x1"],
      "auto",
      "Layers that take the student's feature to the teacher's width in WKD-F (the authors' default is bottleneck); auto is bottleneck for maps of one size, else conv1x1.",
    ),
    usual: "bottleneck" as const,
  },
  SPATIAL_GRID: auto(int(
    4,
    "WKD-F compares each cell of an n x n grid over the feature map; auto is the authors' 4, less where the map is smaller than 5 x 5.",
    { min: 1 },
  )),
};

/** The values of WKD's keys, some of which may be `auto`. */
export type WkdSettings = ValuesOf<typeof KEYS>;

/** The same once no value that counts is `auto`. */
export type SettledWkd = Settled<WkdSettings>;

type Settled<T> = {
  readonly [K in keyof T]: T[K] extends Readonly<Record<string, unknown>> ? Settled<T[K]>
    : K extends "COST_MATRIX_SOURCE" ? T[K]
    : Exclude<T[K], "auto">;
};

type Weights = WkdSettings["LOSS"];

/** Whether WKD-L and WKD-F are on: both where neither weight is given, the other one where one is 0. */
export function wkdParts({ WKD_LOGIT_WEIGHT, WKD_FEAT_WEIGHT }: Weights): [boolean, boolean] {
  const isOn = (weight: number | "auto", other: number | "auto") =>
    weight === "auto" ? !isGiven(other) : weight > 0;
  return [isOn(WKD_LOGIT_WEIGHT, WKD_FEAT_WEIGHT), isOn(WKD_FEAT_WEIGHT, WKD_LOGIT_WEIGHT)];
}

function isGiven(weight: number | "auto"): boolean {
  return weight !== "auto" && weight > 0;
}

/**
 * WKD's settings with what follows for those that are `auto` from the others, the epochs and the features of both models.
 * A file of the authors' gives its weights, and what it leaves out is what they have there.
 *
 * @throws UserError where WKD-F is on and the models have no pair of features that it can compare
 */
export function settleWkd(
  { options, epochs, featureShapes }: Pick<
    DistillerParts<WkdSettings>,
    "options" | "epochs" | "featureShapes"
  >,
): SettledWkd {
  const { LOSS } = options;
  const given = isGiven(LOSS.WKD_LOGIT_WEIGHT) || isGiven(LOSS.WKD_FEAT_WEIGHT);
  const [hasLogit, hasFeature] = wkdParts(LOSS);
  const shapes = hasFeature ? featureShapes() : null;
  const feature = shapes
    ? settleFeature(options, shapes.student.feats, shapes.teacher.feats)
    : { HINT_LAYER: numberOf(options.HINT_LAYER, HINT_LAYER), ...idleFeature(options) };
  return {
    ...options,
    LOSS: {
      ...LOSS,
      WKD_LOGIT_WEIGHT: numberOf(LOSS.WKD_LOGIT_WEIGHT, hasLogit ? LOGIT_WEIGHT : 0),
      WKD_FEAT_WEIGHT: numberOf(
        LOSS.WKD_FEAT_WEIGHT,
        given || !shapes ? 0 : FEATURE_WEIGHT / shapes.teacher.feats.at(feature.HINT_LAYER)![1],
      ),
      COSINE_DECAY_EPOCH: numberOf(
        LOSS.COSINE_DECAY_EPOCH,
        given ? 0 : epochs < DECAYING ? epochs : Math.round(DECAY * epochs),
      ),
    },
    ...feature,
  };
}

function numberOf(value: number | "auto", auto: number): number {
  return value === "auto" ? auto : value;
}

type FeatureSettings = Pick<SettledWkd, "HINT_LAYER" | "PROJECTOR" | "SPATIAL_GRID">;

/** Where WKD-F is off, its settings say nothing. */
function idleFeature(options: WkdSettings): Omit<FeatureSettings, "HINT_LAYER"> {
  const { PROJECTOR, SPATIAL_GRID } = options;
  return {
    PROJECTOR: PROJECTOR === "auto" ? "bottleneck" : PROJECTOR,
    SPATIAL_GRID: numberOf(SPATIAL_GRID, GRID),
  };
}

/** A feature of both models, the projector between them and the grid over it. */
function settleFeature(
  options: WkdSettings,
  student: readonly Shape[],
  teacher: readonly Shape[],
): FeatureSettings {
  const layer = options.HINT_LAYER === "auto"
    ? deepestPair(options, student, teacher)
    : options.HINT_LAYER;
  const from = hintShape(student, layer, HINT_KEY, "student");
  const to = hintShape(teacher, layer, HINT_KEY, "teacher");
  return {
    HINT_LAYER: layer,
    PROJECTOR: options.PROJECTOR === "auto" ? usualProjector(from, to) : options.PROJECTOR,
    SPATIAL_GRID: numberOf(options.SPATIAL_GRID, usualGrid(to)),
  };
}

/** The index from the end of the last features that a projector fits and that have more than a single pixel. */
function deepestPair(
  { PROJECTOR }: WkdSettings,
  student: readonly Shape[],
  teacher: readonly Shape[],
): number {
  const depth = Math.min(student.length, teacher.length);
  for (let layer = -1; layer >= -depth; layer--) {
    const [from, to] = [student.at(layer)!, teacher.at(layer)!];
    const projector = PROJECTOR === "auto" ? usualProjector(from, to) : PROJECTOR;
    if (to[2] * to[3] > 1 && fits(projector, from, to)) return layer;
  }
  throw new UserError(
    "WKD-F finds no feature of the student's that a projector takes to the teacher's size; set WKD.LOSS.WKD_FEAT_WEIGHT 0, " +
      "or use other models",
  );
}

function usualProjector(from: Shape, to: Shape): "bottleneck" | "conv1x1" {
  return fits("bottleneck", from, to) ? "bottleneck" : "conv1x1";
}

function fits(
  projector: "bottleneck" | "conv1x1",
  [, , height, width]: Shape,
  [, , toHeight, toWidth]: Shape,
): boolean {
  if (projector === "bottleneck") return height === toHeight && width === toWidth;
  const isDoubled = 2 * height === toHeight && 2 * width === toWidth;
  return isDoubled || (height >= toHeight && width >= toWidth);
}

/** The largest grid up to the authors' whose cells have a spread, that is more than one pixel. */
function usualGrid([, , height, width]: Shape): number {
  const side = Math.min(height, width);
  return side > GRID ? GRID : Math.max(1, Math.floor(side / 2));
}
