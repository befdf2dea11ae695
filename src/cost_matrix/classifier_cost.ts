/**
 * Cost matrix from a classifier's weights: `1 - cosine` of its rows. WKD: `COST_MATRIX: fc`.
 *
 * @param weight [classes, dims], row-major
 * @returns [classes, classes], row-major
 */
export function classifierCost(weight: Float32Array, classes: number): Float32Array {
  const dims = weight.length / classes;
  const row = (c: number) => weight.subarray(c * dims, (c + 1) * dims);
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * b[i], 0);
  // torch.nn.functional.normalize divides by at least 1e-12.
  const norms = Array.from(
    { length: classes },
    (_, c) => Math.max(Math.sqrt(dot(row(c), row(c))), 1e-12),
  );
  const cost = new Float32Array(classes * classes);
  for (let i = 0; i < classes; i++) {
    for (let j = 0; j < classes; j++) {
      cost[i * classes + j] = 1 - dot(row(i), row(j)) / (norms[i] * norms[j]);
    }
  }
  return cost;
}
