import { bool, choice, type Field, float, int, ints } from "./field.ts";

function nonNegative(value: number, doc: string): Field<number> {
  return float(value, doc, { min: 0 });
}

function featureLoss(weight: number): Record<"CE_WEIGHT" | "FEAT_WEIGHT", Field<number>> {
  return {
    CE_WEIGHT: nonNegative(1, "Weight of the cross-entropy."),
    FEAT_WEIGHT: nonNegative(weight, "Weight of the distillation loss."),
  };
}

const NOT_USED = "; read for compatibility and not used";

function inputSize(): Field<number[]> {
  return ints(
    [32, 32],
    `Height and width of the images, in pixels${NOT_USED}: the data set says them.`,
    {
      length: 2,
      min: 1,
    },
  );
}

/** The sections of mdistiller's own distillers, with its names and defaults. */
export const MDISTILLER_SECTIONS = {
  KD: {
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
  AT: {
    P: int(2, "Power of the attention maps.", { min: 1 }),
    LOSS: featureLoss(1000),
  },
  RKD: {
    DISTANCE_WEIGHT: nonNegative(25, "Weight of the distance-wise loss."),
    ANGLE_WEIGHT: nonNegative(50, "Weight of the angle-wise loss."),
    LOSS: featureLoss(1),
    PDIST: {
      EPSILON: nonNegative(1e-12, "Smallest squared distance."),
      SQUARED: bool(false, "Whether distances are squared."),
    },
  },
  FITNET: {
    HINT_LAYER: int(2, "Index into the features, 0 is the stem; negative counts from the end."),
    INPUT_SIZE: inputSize(),
    LOSS: featureLoss(100),
  },
  KDSVD: {
    K: int(1, "How many singular vectors are compared.", { min: 1 }),
    LOSS: featureLoss(1),
  },
  OFD: {
    LOSS: featureLoss(0.001),
    CONNECTOR: {
      KERNEL_SIZE: int(1, "Kernel size of the connectors, in pixels.", { min: 1, memory: true }),
    },
  },
  NST: { LOSS: featureLoss(50) },
  PKT: { LOSS: featureLoss(30000) },
  SP: { LOSS: featureLoss(3000) },
  VID: {
    LOSS: featureLoss(1),
    EPS: nonNegative(
      1e-5,
      `Smallest predicted variance${NOT_USED}: mdistiller takes it from INIT_PRED_VAR, adds it again and trains neither.`,
    ),
    INIT_PRED_VAR: float(5, "Predicted variance, which is not trained.", { above: 0 }),
    INPUT_SIZE: inputSize(),
  },
  CRD: {
    MODE: choice(["exact", "relax"], "exact", "How negatives are drawn."),
    FEAT: {
      DIM: int(128, "Width of the embedding.", { min: 1, memory: true }),
      STUDENT_DIM: int(256, "Width of the student's pooled feature.", { min: 1 }),
      TEACHER_DIM: int(256, "Width of the teacher's pooled feature.", { min: 1 }),
    },
    LOSS: featureLoss(0.8),
    NCE: {
      K: int(16384, "Negatives per sample.", { min: 1, memory: true }),
      MOMENTUM: float(0.5, "Momentum of the memory bank.", { min: 0, max: 1 }),
      TEMPERATURE: float(0.07, "Temperature of the contrast.", { above: 0 }),
    },
  },
  REVIEWKD: {
    CE_WEIGHT: nonNegative(1, "Weight of the cross-entropy."),
    REVIEWKD_WEIGHT: nonNegative(1, "Weight of the distillation loss."),
    WARMUP_EPOCHS: int(20, "Epochs over which the weight grows to its value.", { min: 0 }),
    SHAPES: ints([1, 8, 16, 32], "Sizes of the student's features, in pixels.", { min: 1 }),
    OUT_SHAPES: ints([1, 8, 16, 32], "Sizes of the teacher's features, in pixels.", { min: 1 }),
    IN_CHANNELS: ints([64, 128, 256, 256], "Channels of the student's features.", { min: 1 }),
    OUT_CHANNELS: ints([64, 128, 256, 256], "Channels of the teacher's features.", { min: 1 }),
    MAX_MID_CHANNEL: int(
      512,
      "Most channels in the fusion blocks; read and not used, as in mdistiller, which takes 512.",
      { min: 1 },
    ),
    STU_PREACT: bool(false, "Use the student's features before activation."),
  },
  DKD: {
    CE_WEIGHT: nonNegative(1, "Weight of the cross-entropy."),
    ALPHA: nonNegative(1, "Weight of the target-class term."),
    BETA: nonNegative(8, "Weight of the non-target-class term."),
    T: float(4, "Temperature of the soft-max of teacher and student.", { above: 0 }),
    WARMUP: int(20, "Epochs over which the weight grows to its value.", { min: 0 }),
  },
};
