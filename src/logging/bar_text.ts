const WIDTH = 24;

/** A bar as text, from 0 (empty) to 1 (full); `width` characters. */
export function barText(progress: number, width = WIDTH): string {
  const full = Math.round(width * Math.min(1, Math.max(0, progress)));
  return "█".repeat(full) + "░".repeat(width - full);
}
