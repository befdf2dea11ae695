import type { ScalingMetrics } from "../events.ts";
import { SCALING } from "./step_totals.ts";

/** Averages of an epoch so far, from the totals of a `TrainStep`. */
export interface RunMetrics {
  /** Steps that are done. */
  readonly steps: number;
  /** First step of the epoch whose loss was not finite; 0 when there was none. */
  readonly badStep: number;
  /** Mean of the whole loss. */
  readonly loss: number;
  /** Mean of each of its terms by name. */
  readonly losses: Readonly<Record<string, number>>;
  /** Percent. */
  readonly top1: number;
  /** Percent; missing where it says nothing, see {@linkcode hasTop5}. */
  readonly top5?: number;
  /** The loss scaler, with mixed precision. */
  readonly scaling?: ScalingMetrics;
}

/** Whether being among the best five says something: of five classes or fewer every one is. */
export function hasTop5(classes: number): boolean {
  return classes > 5;
}

/**
 * Reads the totals of a training step.
 *
 * @param images of the steps that are in the totals
 */
export function runMetrics(
  totals: Float32Array,
  lossNames: readonly string[],
  batchSize: number,
  images = totals[0] * batchSize,
): RunMetrics {
  const [steps, badStep, loss] = totals;
  const divisor = images > 0 ? images / batchSize : 1;
  const losses = Object.fromEntries(
    lossNames.map((name, i) => [name, totals[3 + i] / divisor]),
  );
  const hits = 3 + lossNames.length;
  const percent = (count: number) => 100 * count / (divisor * batchSize);
  return {
    steps,
    badStep,
    loss: loss / divisor,
    losses,
    top1: percent(totals[hits]),
    top5: percent(totals[hits + 1]),
    ...(totals[SCALING.scale] > 0 ? { scaling: scalingMetrics(totals) } : {}),
  };
}

function scalingMetrics(totals: Float32Array): ScalingMetrics {
  return {
    scale: totals[SCALING.scale],
    skippedSteps: totals[SCALING.skipped],
    skippedInARow: totals[SCALING.skippedInARow],
  };
}
