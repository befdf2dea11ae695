/** Where a run is; saved with every checkpoint. */
export interface RunState {
  /** Epoch under way, counted from 1. */
  epoch: number;
  /** Steps of it that are done. */
  step: number;
  /** Totals of the unfinished epoch, or null at its start. */
  totals: Float32Array | null;
  /** Best top-1 accuracy, percent; -1 before the first evaluation. */
  bestTop1: number;
  bestEpoch: number;
  lastTop1: number;
  /** Seconds of all finished epochs. */
  seconds: number;
}

/** The state at the start of a run. */
export function initialState(): RunState {
  return {
    epoch: 1,
    step: 0,
    totals: null,
    bestTop1: -1,
    bestEpoch: 0,
    lastTop1: 0,
    seconds: 0,
  };
}
