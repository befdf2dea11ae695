/** Images whose largest probability lies in one bin. */
export interface CalibrationBin {
  /** How many. */
  readonly images: number;
  /** Mean of their largest probabilities, 0 to 1. */
  readonly confidence: number;
  /** Share of them that is right, 0 to 1. */
  readonly accuracy: number;
}

/** How far a model's probabilities can be believed. */
export interface Calibration {
  /** Bins of one width, from 0 to 1. */
  readonly bins: readonly CalibrationBin[];
  /** Expected calibration error, 0 to 1: mean over the images of how far confidence and accuracy of their bin are apart. */
  readonly ece: number;
  /** Mean of the largest probabilities, 0 to 1. */
  readonly confidence: number;
}

/**
 * The bins of a reliability diagram and the expected calibration error. Source: Guo et al. (2017), with their 15 bins.
 *
 * @param confidence largest probability of each image, 0 to 1
 * @param right whether each image's class was found
 */
export function calibrate(
  confidence: ArrayLike<number>,
  right: (image: number) => boolean,
  count = 15,
): Calibration {
  const sums = Array.from({ length: count }, () => ({ images: 0, confidence: 0, right: 0 }));
  let total = 0;
  for (let i = 0; i < confidence.length; i++) {
    const bin = sums[Math.min(count - 1, Math.max(0, Math.ceil(confidence[i] * count) - 1))];
    bin.images++;
    bin.confidence += confidence[i];
    total += confidence[i];
    if (right(i)) bin.right++;
  }
  const images = Math.max(1, confidence.length);
  const gaps = sums.reduce((sum, bin) => sum + Math.abs(bin.confidence - bin.right), 0);
  return {
    bins: sums.map(({ images, confidence, right }) => ({
      images,
      confidence: images > 0 ? confidence / images : 0,
      accuracy: images > 0 ? right / images : 0,
    })),
    ece: gaps / images,
    confidence: total / images,
  };
}
