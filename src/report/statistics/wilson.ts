/** A share with the bounds that hold it with 95 % certainty, percent. */
export interface Interval {
  /** The share. */
  readonly percent: number;
  /** Lower bound. */
  readonly low: number;
  /** Upper bound. */
  readonly high: number;
}

/** Of the normal distribution: 95 % lie within so many deviations. */
const Z = 1.959963984540054;

/**
 * Wilson's score interval of a share, at 95 %. Unlike the plain one it stays within 0 and 100 % and holds for few images.
 * Source: Wilson (1927); statsmodels' `proportion_confint(method="wilson")`.
 *
 * @param percent the share, from 0 to 100
 * @param count of how many, at least 1
 */
export function wilsonInterval(percent: number, count: number): Interval {
  const p = percent / 100;
  const factor = 1 / (1 + Z ** 2 / count);
  const centre = factor * (p + Z ** 2 / (2 * count));
  const half = factor * Z * Math.sqrt(p * (1 - p) / count + Z ** 2 / (4 * count ** 2));
  return { percent, low: 100 * Math.max(0, centre - half), high: 100 * Math.min(1, centre + half) };
}
