import { notFiniteName } from "../train/not_finite.ts";

/** From here on decimals are noise, and digits before the point too many to read. */
const LARGE = 1e12;

/** A number with so many decimals, a huge one as `1.2346e+30`; `nan`, `inf` and `-inf` as Python prints them. */
export function fixed(value: number, digits: number): string {
  if (!Number.isFinite(value)) return notFiniteName(value).toLowerCase();
  return Math.abs(value) < LARGE ? value.toFixed(digits) : value.toExponential(digits);
}
