import type { TrainMetrics } from "./events.ts";

/** Where a run is; saved with every checkpoint. */
export interface RunState {
  /** Epoch under way, counted from 1. */
  epoch: number;
  /** Steps of it that are done. */
  step: number;
  /** Totals of the unfinished epoch, or null at its start. */
  totals: Float32Array | null;
  /** What the totals were at the last point of the log in the unfinished epoch; null where they were zero. */
  pointStart: number[] | null;
  /** Images of the data set that the unfinished epoch goes through; 0 in checkpoints that do not say. */
  images: number;
  /** How the epoch's training went, where only its evaluation is left; else null. */
  trained: TrainMetrics | null;
  /** Best top-1 accuracy, percent; -1 before the first evaluation. */
  bestTop1: number;
  /** The epoch it was reached in; 0 before the first evaluation. */
  bestEpoch: number;
  /** Epochs since the best top-1 accuracy, of the student or its average, became better. */
  stale: number;
  /** Best top-1 accuracy of the student's average, percent, and its epoch; null where there was none. */
  ema: { bestTop1: number; bestEpoch: number } | null;
  /** Top-1 accuracy of the last evaluation, percent. */
  lastTop1: number;
  /** Seconds of everything that is done, over all parts of the run. */
  seconds: number;
}

/** The state at the start of a run. */
export function initialState(): RunState {
  return {
    epoch: 1,
    step: 0,
    totals: null,
    pointStart: null,
    images: 0,
    trained: null,
    bestTop1: -1,
    bestEpoch: 0,
    stale: 0,
    ema: null,
    lastTop1: 0,
    seconds: 0,
  };
}
