/** Milliseconds between two looks whether the turn is free. */
const WAIT = 10;

/** What the workers of a pool share, so that one at a time has a large image in memory. */
export function newTurns(): SharedArrayBuffer {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
}

/** Lets one thread at a time have its turn. */
export class LargeImageTurns {
  readonly #taken: Int32Array;

  /** `shared` is what `newTurns()` made, the same for all threads. */
  constructor(shared: SharedArrayBuffer) {
    this.#taken = new Int32Array(shared);
  }

  /** Waits for the turn; disposing of the result ends it. */
  async take(): Promise<Disposable> {
    // A thread that waits must go on with its event loop, so that it looks now and then.
    while (Atomics.compareExchange(this.#taken, 0, 0, 1) !== 0) {
      await new Promise((resolve) => setTimeout(resolve, WAIT));
    }
    return { [Symbol.dispose]: () => Atomics.store(this.#taken, 0, 0) };
  }
}
