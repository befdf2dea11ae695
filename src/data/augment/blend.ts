const { fround } = Math;

/** Differences of two bytes, from -255 on. */
const scaled = new Float32Array(511);
let scale = NaN;

/**
 * Float32 products of `alpha` and every difference of two bytes, which stands at 255 more than it is: what one byte
 * is moved by towards another. They hold until the next call.
 *
 * @param alpha rounded to float32, as Pillow does
 */
export function blendTable(alpha: number): Float32Array {
  alpha = fround(alpha);
  if (alpha !== scale) {
    for (let i = 0; i < 511; i++) scaled[i] = alpha * (i - 255);
    scale = alpha;
  }
  return scaled;
}

/**
 * A byte moved by a product of the table, in float32, clipped and cut to a whole number. Source: Pillow's
 * `ImagingBlend`, which `ImageEnhance` calls.
 */
export function blend(from: number, by: number): number {
  const value = fround(from + by);
  return value >= 255 ? 255 : value <= 0 ? 0 : value | 0;
}
