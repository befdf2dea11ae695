import { float, wordOrFloats } from "./field.ts";

/** The keys of SOLVER that say what becomes of labels, and of the images of a batch in pairs. */
export const LABEL_KEYS = {
  LABEL_SMOOTHING: float(
    0,
    "Ours: share of the target that the cross-entropy spreads evenly over all classes, as PyTorch's CrossEntropyLoss; the evaluation's loss has none.",
    { min: 0, below: 1 },
  ),
  CLASS_WEIGHTS: wordOrFloats(
    ["none", "balanced"],
    "none",
    "Ours: what each class weighs in the cross-entropy, as PyTorch's CrossEntropyLoss: a number for each, or balanced, images / (classes * images of the class), as scikit-learn; the evaluation's loss is not weighted.",
    { above: 0 },
  ),
  MIXUP_ALPHA: float(
    0,
    "Ours: alpha of mixup, which adds up the images of a batch in pairs, the first with the last and so on, as timm's Mixup; 0 is off. A loss of labels (cross-entropy, DKD, WKD-L with target separation) is that of both labels by their shares; top-1 counts the larger. CRD cannot.",
    { min: 0 },
  ),
  CUTMIX_ALPHA: float(
    0,
    "Ours: alpha of CutMix, which exchanges a rectangle between such images, as timm's Mixup; 0 is off. Labels count by the area. With MIXUP_ALPHA too, a batch is mixed by one of them.",
    { min: 0 },
  ),
  MIXUP_PROB: float(1, "Ours: share of the batches that mixup or CutMix mixes.", {
    min: 0,
    max: 1,
  }),
  MIXUP_SWITCH_PROB: float(
    0.5,
    "Ours: share of the mixed batches that CutMix mixes, where mixup is on too.",
    { min: 0, max: 1 },
  ),
};
