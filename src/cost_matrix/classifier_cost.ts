/**
 * Cost matrix from a classifier's weights: `1 - cosine` of its rows. WKD: `COST_MATRIX: fc`.
 *
 * @param weight [classes, dims], row-major
 * @returns [classes, classes], row-major
 */
export function classifierCost(weight: Float32Array, classes: number): Float32Array {
  const dims = weight.length / classes;
  const dot = (i: number, j: number) => {
    let sum = 0;
    for (let d = 0; d < dims; d++) sum += weight[i * dims + d] * weight[j * dims + d];
    return sum;
  };
  // torch.nn.functional.normalize divides by at least 1e-12.
  const norms = Array.from({ length: classes }, (_, c) => Math.max(Math.sqrt(dot(c, c)), 1e-12));
  const cost = new Float32Array(classes * classes);
  for (let i = 0; i < classes; i++) {
    for (let j = 0; j <= i; j++) {
      const value = 1 - dot(i, j) / (norms[i] * norms[j]);
      cost[i * classes + j] = cost[j * classes + i] = value;
    }
  }
  return cost;
}
