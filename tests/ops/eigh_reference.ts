/** Eigenvalues and eigenvectors in float64, as `eigh` orders and signs them: rising, sums that are not negative. */
export interface HostEigen {
  values: number[];
  /** A vector each. */
  vectors: number[][];
}

/** Jacobi's method, one rotation after the other, for a symmetric matrix in rows. */
export function hostEigh(matrix: readonly (readonly number[])[]): HostEigen {
  const n = matrix.length;
  const a = matrix.map((row) => [...row]);
  const v = a.map((_, i) => a.map((_, j) => Number(i === j)));
  for (let sweep = 0; sweep < 30; sweep++) {
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) rotate(a, v, p, q);
    }
  }
  const order = a.map((_, i) => i).sort((i, j) => a[i][i] - a[j][j]);
  const vectors = order.map((column) => {
    const vector = v.map((row) => row[column]);
    const sign = vector.reduce((sum, value) => sum + value) < 0 ? -1 : 1;
    return vector.map((value) => sign * value);
  });
  return { values: order.map((i) => a[i][i]), vectors };
}

function rotate(a: number[][], v: number[][], p: number, q: number): void {
  if (a[p][q] === 0) return;
  const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const turn = (x: number, y: number) => [c * x - t * c * y, t * c * x + c * y];
  for (const row of a) [row[p], row[q]] = turn(row[p], row[q]);
  for (let i = 0; i < a.length; i++) [a[p][i], a[q][i]] = turn(a[p][i], a[q][i]);
  for (const row of v) [row[p], row[q]] = turn(row[p], row[q]);
}
