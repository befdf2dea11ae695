/** Points on the two axes along which they differ most. */
export interface PrincipalPlane {
  /** [count, 2], row-major. */
  readonly points: Float32Array;
  /** Share of the variance that each axis has, 0 to 1. */
  readonly shares: readonly [number, number];
}

const TURNS = 60;

/**
 * The first two principal components of points. Source: Pearson (1901), by power iteration; signs are chosen so that the
 * largest entry of each axis is positive.
 *
 * @param data [count, dims], row-major
 */
export function principalPlane(data: Float32Array, count: number): PrincipalPlane {
  const dims = count > 0 ? data.length / count : 0;
  const centred = Float64Array.from(data);
  for (let d = 0; d < dims; d++) {
    let mean = 0;
    for (let i = 0; i < count; i++) mean += data[i * dims + d] / count;
    for (let i = 0; i < count; i++) centred[i * dims + d] -= mean;
  }
  const total = centred.reduce((sum, value) => sum + value * value, 0) || 1;
  const points = new Float32Array(2 * count);
  const shares: [number, number] = [0, 0];
  for (let axis = 0; axis < 2; axis++) {
    const direction = firstAxis(centred, count, dims);
    for (let i = 0; i < count; i++) {
      let along = 0;
      for (let d = 0; d < dims; d++) along += centred[i * dims + d] * direction[d];
      for (let d = 0; d < dims; d++) centred[i * dims + d] -= along * direction[d];
      points[2 * i + axis] = along;
      shares[axis] += along * along / total;
    }
  }
  return { points, shares };
}

/** The direction of length 1 along which centred points differ most. */
function firstAxis(data: Float64Array, count: number, dims: number): Float64Array {
  // Any start does that is not at right angles to it.
  let axis: Float64Array = Float64Array.from(
    { length: dims },
    (_, d) => 1 + (d * 7919 % 101) / 101,
  );
  for (let turn = 0; turn < TURNS; turn++) {
    const next = new Float64Array(dims);
    for (let i = 0; i < count; i++) {
      let along = 0;
      for (let d = 0; d < dims; d++) along += data[i * dims + d] * axis[d];
      for (let d = 0; d < dims; d++) next[d] += along * data[i * dims + d];
    }
    const length = Math.hypot(...next);
    if (!(length > 0)) return axis.fill(0);
    axis = next.map((value) => value / length);
  }
  const largest = axis.reduce((best, value) => Math.abs(value) > Math.abs(best) ? value : best, 0);
  return largest < 0 ? axis.map((value) => -value) : axis;
}
