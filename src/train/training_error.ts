import type { RunMetrics } from "./run_metrics.ts";

/** Training cannot go on. */
export class TrainingError extends Error {
  /** Always `TrainingError`. */
  override name = "TrainingError";
}

/** Skipped steps in a row that end a run: they take the scale from 65536 to 2^-16, where nothing is left to gain. */
const MAX_SKIPPED = 32;

/** The error of a loss that is infinite or NaN; `where` is the step, or empty. */
export function notFinite(what: string, epoch: number, where = ""): TrainingError {
  const kept = epoch > 1 ? `; the checkpoints of epoch ${epoch - 1} are kept` : "";
  return new TrainingError(
    `${what} is not a finite number at epoch ${epoch}${where}${kept}; ` +
      `lower SOLVER.LR or the loss weights`,
  );
}

/**
 * Ends a run that has gone wrong.
 *
 * @throws TrainingError after a step whose loss is not finite, or after too many skipped steps in a row.
 */
export function refuseBadMetrics({ badStep, scaling }: RunMetrics, epoch: number): void {
  if (badStep > 0) throw notFinite("the loss", epoch, `, step ${badStep}`);
  if (!scaling || scaling.skippedInARow < MAX_SKIPPED) return;
  throw new TrainingError(
    `${scaling.skippedInARow} steps in a row had gradients that are not finite numbers, down to a ` +
      `loss scale of ${scaling.scale}; lower SOLVER.LR or the loss weights, or set SOLVER.AMP False`,
  );
}
