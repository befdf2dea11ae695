/** Which input values make each output value, and with which weights. */
export interface ResampleWeights {
  /** First input value of each output value. */
  readonly starts: Int32Array;
  /** How many input values each output value has. */
  readonly counts: Int32Array;
  /** Weights in units of 2^-22, `taps` for each output value. */
  readonly weights: Int32Array;
  /** Room for the weights of one output value. */
  readonly taps: number;
}

/** Bits behind the point of a weight: what 8-bit values and a sign leave of 32. */
export const WEIGHT_BITS = 22;

/**
 * Weights of Pillow's bilinear filter with antialiasing: a triangle as wide as the scale, sampled at pixel centres.
 * Source: Pillow's `ImagingResample`, which torchvision's `Resize` calls.
 *
 * @param from input values
 * @param to output values of the whole line
 * @param first the first output value wanted
 * @param count how many are wanted
 */
export function resampleWeights(
  from: number,
  to: number,
  first = 0,
  count: number = to,
): ResampleWeights {
  const scale = from / to;
  const support = Math.max(scale, 1);
  const taps = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(count);
  const counts = new Int32Array(count);
  const weights = new Int32Array(count * taps);
  const line = new Float64Array(taps);
  for (let i = 0; i < count; i++) {
    const center = (first + i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const length = Math.min(from, Math.trunc(center + support + 0.5)) - start;
    let sum = 0;
    for (let k = 0; k < length; k++) {
      line[k] = Math.max(0, 1 - Math.abs((k + start - center + 0.5) / support));
      sum += line[k];
    }
    for (let k = 0; k < length; k++) {
      weights[i * taps + k] = Math.trunc(0.5 + line[k] / sum * 2 ** WEIGHT_BITS);
    }
    starts[i] = start;
    counts[i] = length;
  }
  return { starts, counts, weights, taps };
}
