import cliProgress from "cli-progress";

const WIDTH = 24;

/** A bar as text, from 0 (empty) to 1 (full). */
export function barText(progress: number): string {
  return cliProgress.Format.BarFormat(Math.min(1, Math.max(0, progress)), {
    barsize: WIDTH,
    barCompleteString: "█".repeat(WIDTH),
    barIncompleteString: "░".repeat(WIDTH),
    barGlue: "",
  });
}
