import { notFiniteName } from "../train/not_finite.ts";

/** From here on decimals are noise, and digits before the point too many to read. */
const LARGE = 1e12;
const WIDTH = 24;

/** A duration in words: `7.3 s`, `42 s`, `3 min 05 s`, `2 h 04 min`. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return "?";
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const pad = (n: number) => String(n).padStart(2, "0");
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** A number with so many decimals, a huge one as `1.2346e+30`; `nan`, `inf` and `-inf` as Python prints them. */
export function fixed(value: number, digits: number): string {
  if (!Number.isFinite(value)) return notFiniteName(value).toLowerCase();
  return Math.abs(value) < LARGE ? value.toFixed(digits) : value.toExponential(digits);
}

/** A count with its noun, such as `1 step` and `2 steps`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** A bar as text, from 0 (empty) to 1 (full); `width` characters. */
export function barText(progress: number, width = WIDTH): string {
  const full = Math.round(width * Math.min(1, Math.max(0, progress)));
  return "█".repeat(full) + "░".repeat(width - full);
}

/** Terms of the loss by the names that they have in papers. */
const TERMS: ReadonlyMap<string, string> = new Map([
  ["loss_ce", "CE"],
  ["loss_kd", "KD"],
  ["loss_wkd_l", "WKD-L"],
  ["loss_wkd_f", "WKD-F"],
]);

/** What a term of the loss is called where people read it: `WKD-L` for `loss_wkd_l`. */
export function termName(name: string): string {
  return TERMS.get(name) ?? name.replace(/^loss_/, "");
}
