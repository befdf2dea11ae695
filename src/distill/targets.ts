import { crossEntropy } from "../ops/softmax/cross_entropy.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** The labels that the images of a batch have beside their own, where they are mixed in pairs. */
export interface MixedLabels {
  /** int32 [N] */
  readonly labels: Tensor;
  /** Share of the images' first labels, float32 []; the others have the rest. */
  readonly share: Tensor;
}

/** Options of {@linkcode Targets}. */
export interface TargetOptions {
  /** Share of the target that is spread evenly over all classes, 0 to 1. Default 0. */
  readonly labelSmoothing?: number;
  /** float32 [C]: what each class weighs in the cross-entropy. Default 1 each. */
  readonly classWeights?: Tensor | null;
  /**
   * What the sum over this process's images, by what they weigh, counts, where processes share a batch: float32 []. Default
   * null, for the mean over what they weigh.
   */
  readonly weighedScale?: Tensor | null;
  /** The labels of what was mixed into the images. Default none. */
  readonly mixed?: MixedLabels | null;
}

/** What a batch's images should be taken for, and so its losses of labels, whatever the settings. */
export class Targets {
  #used = false;

  /** Of labels, int32 [N]; of mixed images those with the larger share. */
  constructor(readonly labels: Tensor, readonly options: TargetOptions = {}) {}

  /** Whether a loss was asked of them. */
  get used(): boolean {
    return this.#used;
  }

  /**
   * The cross-entropy with label smoothing and class weights, for mixed images that of both labels by their shares: with
   * the targets of timm's `mixup_target`. PyTorch: `torch.nn.functional.cross_entropy`, the mean over what the labels weigh.
   *
   * @param logits [N, C]
   * @returns a scalar
   */
  crossEntropy(logits: Tensor): Tensor {
    const { labelSmoothing = 0, classWeights, weighedScale } = this.options;
    const options = { labelSmoothing, ...(classWeights && { weight: classWeights }) };
    if (!weighedScale) return this.average((labels) => crossEntropy(logits, labels, options));
    return this.average((labels) =>
      crossEntropy(logits, labels, { ...options, reduction: "sum" }).mul(weighedScale)
    );
  }

  /**
   * A loss of labels; for mixed images `share * loss(labels) + (1 - share) * loss(the others)`.
   *
   * @param loss a scalar of labels, int32 [N]
   */
  average(loss: (labels: Tensor) => Tensor): Tensor {
    this.#used = true;
    const own = loss(this.labels);
    const { mixed } = this.options;
    if (!mixed) return own;
    const other = loss(mixed.labels);
    return other.add(own.sub(other).mul(mixed.share));
  }
}
