/** Mean and standard deviation of each channel, in units of 255. */
interface Normalisation {
  /** Mean of each channel. */
  readonly mean: readonly number[];
  /** Standard deviation of each channel. */
  readonly std: readonly number[];
}

/** The figures that images are normalised by: mdistiller's for CIFAR-100 and ImageNet, the usual ones for CIFAR-10. */
export const NORMALISATIONS: Readonly<Record<"imagenet" | "cifar10" | "cifar100", Normalisation>> =
  {
    imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
    cifar10: { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
    cifar100: { mean: [0.5071, 0.4867, 0.4408], std: [0.2675, 0.2565, 0.2761] },
  };

/**
 * Normalised value of each byte, `(byte / 255 - mean) / std`, as one row of 256 for each channel.
 *
 * @param mean mean of each channel, in units of 255
 * @param std standard deviation of each channel, in units of 255
 */
export function normalisationTable(
  mean: readonly number[],
  std: readonly number[],
): Float32Array {
  const table = new Float32Array(mean.length * 256);
  for (const [channel, m] of mean.entries()) {
    for (let byte = 0; byte < 256; byte++) {
      table[channel * 256 + byte] = (byte / 255 - m) / std[channel];
    }
  }
  return table;
}
