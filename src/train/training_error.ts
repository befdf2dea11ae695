import { UserError } from "../errors.ts";
import type { RunMetrics } from "./metrics/run_metrics.ts";

/** Training cannot go on. */
export class TrainingError extends UserError {
  /** Always `TrainingError`. */
  override name = "TrainingError";

  /** `badStep` is the step of the epoch, counted from 1, whose loss was not finite; 0 where that is not why. */
  constructor(message: string, readonly badStep = 0) {
    super(message);
  }
}

/** Skipped steps in a row that end a run: they take the scale from 65536 to 2^-16, where nothing is left to gain. */
const MAX_SKIPPED = 32;

/** Which checkpoints are kept where an epoch goes wrong, as a clause; empty where there are none. */
export function keptEpoch(epoch: number): string {
  return epoch > 1 ? `; the checkpoints of epoch ${epoch - 1} are kept` : "";
}

/**
 * Ends a run that has gone wrong.
 *
 * @throws TrainingError after a step whose loss is not finite, or after too many skipped steps in a row.
 */
export function refuseBadMetrics({ badStep, scaling }: RunMetrics, epoch: number): void {
  if (badStep > 0) {
    throw new TrainingError(
      `the loss is not a finite number at epoch ${epoch}, step ${badStep}${keptEpoch(epoch)}; ` +
        "lower SOLVER.LR or the loss weights",
      badStep,
    );
  }
  if (!scaling || scaling.skippedInARow < MAX_SKIPPED) return;
  throw new TrainingError(
    `${scaling.skippedInARow} steps in a row had gradients that are not finite numbers, down to a ` +
      `loss scale of ${scaling.scale}; lower SOLVER.LR or the loss weights, or set SOLVER.AMP False`,
  );
}
