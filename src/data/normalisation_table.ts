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
