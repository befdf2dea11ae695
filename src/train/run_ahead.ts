import type { Gpu } from "../gpu/gpu.ts";

/** Steps that may be submitted before the device is waited for, however long they take. */
const STEPS = 4;

/** Short steps: as many as the device does in this time, in milliseconds. */
const MILLISECONDS = 250;

/**
 * Keeps the host from submitting steps faster than the device does them: each holds a copy of its batch until it has
 * run, and Ctrl-C takes effect behind all of them. Long steps are bounded in number, short ones in their time.
 *
 * A mark is set behind the last step of a group and the mark before it is awaited, so that no step is waited for that
 * was just submitted. Deno's `onSubmittedWorkDone()` waits for the device before it returns, and resolves 10 ms later:
 * there a group at most is under way, elsewhere two.
 */
export class RunAhead {
  #steps = 0;
  #group = STEPS;
  #since: number;
  #mark: Promise<unknown> = Promise.resolve();

  /** `now` gives milliseconds. */
  constructor(readonly gpu: Gpu, readonly now: () => number = () => performance.now()) {
    this.#since = now();
  }

  /** To be called after each step; waits where too many are under way. */
  async pace(): Promise<void> {
    if (++this.#steps < this.#group) return;
    const before = this.#mark;
    this.#mark = this.gpu.device.queue.onSubmittedWorkDone();
    // A failure is thrown where the mark is awaited, not as an unhandled rejection before.
    this.#mark.catch(() => {});
    await before.catch((error) => this.gpu.failure.unanswered(error, "waiting for the device"));
    this.gpu.check();
    const now = this.now();
    const each = (now - this.#since) / this.#steps;
    this.#group = Math.max(STEPS, Math.floor(MILLISECONDS / Math.max(each, 0.1)));
    this.#since = now;
    this.#steps = 0;
  }
}
