/** The steps between two points of a log, by what the totals of a `TrainStep` say at both. */
export class PointWindow {
  #before: Float32Array | null;

  /**
   * Starts a window.
   *
   * @param every steps of the run between two points
   * @param epochStart steps of the run before the epoch
   * @param totals the totals at the window's start; null where they are zero
   */
  constructor(readonly every: number, readonly epochStart: number, totals: Float32Array | null) {
    this.#before = totals;
  }

  /** The totals at the start of the window under way; null where they are zero. */
  get start(): Float32Array | null {
    return this.#before;
  }

  /** Whether a step of the epoch, counted from 1, ends a window. */
  endsAt(step: number): boolean {
    return (this.epochStart + step) % this.every === 0;
  }

  /** The totals over the window that ends now; the next one starts here. */
  close(totals: Float32Array): Float32Array {
    const before = this.#before;
    this.#before = totals;
    return before ? totals.map((value, i) => value - before[i]) : totals;
  }
}
