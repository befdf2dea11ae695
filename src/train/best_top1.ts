import type { TestMetrics } from "./events.ts";
import type { RunState } from "./run_state.ts";

/**
 * Notes an epoch's accuracies in the state.
 *
 * @param average the evaluation of the student's average; null where there is none
 * @returns whether the student's is the best so far: of equal ones the last is, unless it could not be measured in full
 */
export function recordTop1(
  state: RunState,
  test: TestMetrics,
  average: TestMetrics | null,
): boolean {
  const better = test.top1 > state.bestTop1 ||
    average !== null && average.top1 > (state.ema?.bestTop1 ?? -1);
  state.stale = better ? 0 : state.stale + 1;
  const best = isBest(test, state.bestTop1);
  if (best) {
    state.bestTop1 = test.top1;
    state.bestEpoch = state.epoch;
  }
  if (average && isBest(average, state.ema?.bestTop1 ?? -1)) {
    state.ema = { bestTop1: average.top1, bestEpoch: state.epoch };
  }
  state.lastTop1 = test.top1;
  return best;
}

function isBest({ top1, loss }: TestMetrics, before: number): boolean {
  return Number.isFinite(loss) ? top1 >= before : top1 > before;
}

/** Why a run ended before its last epoch, in a sentence. */
export function describeEarlyEnd(
  { epoch, stale, bestTop1, ema }: RunState,
  epochs: number,
  patience: number,
): string {
  const finished = epoch - 1;
  const average = ema ? `, of the average ${ema.bestTop1.toFixed(2)} %` : "";
  const best = `best ${bestTop1.toFixed(2)} %${average}`;
  return `ended after epoch ${finished} of ${epochs}: no better top-1 since epoch ${
    finished - stale
  } ` +
    `(${best}; SOLVER.EARLY_STOP_PATIENCE ${patience})`;
}
