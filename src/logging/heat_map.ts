/** Matplotlib's viridis at 0, 1/8, ..., 1. */
const ANCHORS = [
  [68, 1, 84],
  [71, 44, 122],
  [59, 81, 139],
  [44, 113, 142],
  [33, 144, 141],
  [39, 173, 129],
  [92, 200, 99],
  [170, 220, 50],
  [253, 231, 37],
] as const;

/** A matrix as a picture. */
interface HeatMap {
  /** [size, size, 3], red, green and blue from 0 to 255. */
  readonly pixels: Uint8Array;
  /** Rows and columns of the picture. */
  readonly size: number;
  /** The value of the darkest colour. */
  readonly low: number;
  /** The value of the brightest colour. */
  readonly high: number;
}

/** Small matrices are drawn with several pixels an element, up to about this size. */
const WANTED = 512;

/**
 * Draws a square matrix, row 0 at the top. The colours go from the smallest to the largest element off the diagonal,
 * since a cost matrix's diagonal is 0 and the others lie close together far from it.
 *
 * @param matrix [n, n], row-major, n at least 2
 */
export function heatMap(matrix: Float32Array, n: number): HeatMap {
  let low = Infinity;
  let high = -Infinity;
  matrix.forEach((value, at) => {
    if (Math.floor(at / n) === at % n) return;
    low = Math.min(low, value);
    high = Math.max(high, value);
  });
  const scale = Math.max(1, Math.floor(WANTED / n));
  const size = n * scale;
  const pixels = new Uint8Array(3 * size * size);
  for (let i = 0; i < n; i++) {
    const row = pixels.subarray(3 * size * i * scale, 3 * size * (i * scale + 1));
    for (let j = 0; j < n; j++) {
      const color = viridis((matrix[i * n + j] - low) / Math.max(high - low, 1e-12));
      for (let x = j * scale; x < (j + 1) * scale; x++) row.set(color, 3 * x);
    }
    for (let y = 1; y < scale; y++) pixels.set(row, 3 * size * (i * scale + y));
  }
  return { pixels, size, low, high };
}

/** Red, green and blue of a value from 0 (dark blue) to 1 (yellow), values outside clamped. */
export function viridis(value: number): readonly [number, number, number] {
  const at = Math.min(1, Math.max(0, value)) * (ANCHORS.length - 1);
  const below = Math.min(Math.floor(at), ANCHORS.length - 2);
  const mix = (channel: number) => {
    const [from, to] = [ANCHORS[below][channel], ANCHORS[below + 1][channel]];
    return Math.round(from + (to - from) * (at - below));
  };
  return [mix(0), mix(1), mix(2)];
}
