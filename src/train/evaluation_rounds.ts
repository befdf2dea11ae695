import type { BatchSource } from "../data/loading/batch.ts";
import type { Group } from "../parallel/group.ts";

/** Batches between two waits for the device: they bound what is queued and let signals arrive. */
export const WAIT_EVERY = 4;

/**
 * Where processes that evaluate together meet, every few batches: all stop where one is to, and one tells how far all are.
 * A process by itself meets nobody.
 */
export class EvaluationRounds {
  #count = 0;
  /** Rounds of the rank with the most batches. */
  #most = 0;
  #stopped = false;

  /** `progress` is told of the images of all processes. */
  constructor(
    readonly group: Group,
    readonly loader: BatchSource,
    readonly signal?: AbortSignal,
    readonly progress?: (done: number, total: number) => void,
  ) {}

  /** Learns how many rounds there are. */
  async begin(): Promise<void> {
    if (this.group.size === 1) return;
    const own = Int32Array.of(Math.floor(this.loader.length / WAIT_EVERY));
    const all = await this.group.allGather(new Uint8Array(own.buffer));
    this.#most = Math.max(...all.map((bytes) => new Int32Array(bytes.slice().buffer)[0]));
  }

  /** Whether all are to stop. */
  get stopped(): boolean {
    return this.group.size === 1 ? Boolean(this.signal?.aborted) : this.#stopped;
  }

  /** Tells how far a process by itself is. */
  tell(done: number): void {
    if (this.group.size === 1) this.progress?.(done, this.loader.dataset.length);
  }

  /** Waits for the others; to be called every {@linkcode WAIT_EVERY} batches. */
  async meet(done: number): Promise<void> {
    const { group, loader: { dataset: { length } } } = this;
    if (group.size === 1) return;
    this.#count++;
    const all = Float32Array.of(done, Number(this.signal?.aborted ?? false));
    await group.allReduceSum(all);
    this.#stopped = all[1] > 0;
    if (!this.#stopped) this.progress?.(all[0], length);
  }

  /** Meets those who have more batches. */
  async finish(done: number): Promise<void> {
    const { group: { size }, loader: { dataset: { length } } } = this;
    if (size === 1) return;
    while (!this.#stopped && this.#count < this.#most) await this.meet(done);
    if (!this.#stopped) this.progress?.(length, length);
  }
}
