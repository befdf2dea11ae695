/**
 * The median of all squared distances between samples, the lower one of two as `torch.median` takes it; those of samples
 * to themselves count, as zeros.
 *
 * @param gram inner products of the samples, row-major `[samples, samples]`
 */
export function medianDistance(gram: Float32Array, samples: number): number {
  const distances = new Float32Array(samples ** 2);
  for (let i = 0; i < samples; i++) {
    for (let j = 0; j < i; j++) {
      const squared = gram[i * samples + i] + gram[j * samples + j] - 2 * gram[i * samples + j];
      distances[i * samples + j] = distances[j * samples + i] = Math.max(0, squared);
    }
  }
  return distances.sort()[Math.floor((samples ** 2 - 1) / 2)];
}
