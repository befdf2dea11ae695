import type { BatchNorm2d } from "../nn/batch_norm2d.ts";

/**
 * Margins of the ReLU that OFD looks at a teacher through: for every channel of every norm the mean of its negative
 * values, were they normal with the norm's bias and weight; three deviations where fewer than a thousandth are negative.
 * Reads the norms back once. Source: Heo et al., ICCV 2019, section 3.1; mdistiller's `OFD.init_ofd_modules`.
 *
 * @returns [C] for every norm, all 0 or negative
 */
export async function ofdMargins(norms: readonly BatchNorm2d[]): Promise<Float32Array[]> {
  return await Promise.all(norms.map(async ({ weight, bias }) => {
    const [deviations, means] = await Promise.all([weight.data(), bias.data()]);
    return Float32Array.from(deviations, (deviation, i) => margin(Math.abs(deviation), means[i]));
  }));
}

function margin(deviation: number, mean: number): number {
  const z = mean / deviation;
  // Where the deviation is 0, z is infinite, or NaN for a mean of 0, where nothing is negative.
  const negative = normalCdf(-z);
  if (negative <= 0.001) return -3 * deviation;
  return mean - deviation * Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI) / negative;
}

/** Share of a standard normal distribution below `x`, 0 for NaN. Python: `scipy.stats.norm.cdf`. */
function normalCdf(x: number): number {
  if (!(Math.abs(x) < 8)) return x > 0 ? 1 : 0;
  // 1/2 + density * (x + x^3/3 + x^5/(3*5) + ...): terms of one sign, exact to 1e-15 in the sum.
  let sum = 0;
  let term = x;
  for (let n = 1; sum + term !== sum; n += 2) {
    sum += term;
    term *= x * x / (n + 2);
  }
  return 0.5 + sum * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
}
