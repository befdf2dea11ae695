import type { BufferPool } from "../gpu/buffer_pool.ts";
import type { BufferRange, Gpu } from "../gpu/gpu.ts";
import { checkIndices, type IndexLimit, sameLimit } from "./index_limit.ts";

/** Device memory shared by the tensors that view it; returned to its pool with the last of them. */
export class Storage implements BufferRange {
  /** Writes so far, other than by the op that the memory was taken for; replays of recordings are not counted. */
  version = 0;
  #references = 1;
  /** The integers that are here, where the host wrote them. */
  #integers: ArrayLike<number> | null = null;
  /** What recorded commands demand of integers that are written later. */
  readonly #limits: IndexLimit[] = [];

  /** `size` bytes of `buffer` from `offset`. */
  constructor(
    readonly gpu: Gpu,
    readonly buffer: GPUBuffer,
    readonly offset: number,
    readonly size: number,
    /** Where the buffer goes back to; null when something else owns it. */
    readonly pool: BufferPool | null,
  ) {}

  /** Memory for the result of an op. */
  static allocate(gpu: Gpu, bytes: number): Storage {
    const { pool } = gpu;
    const buffer = pool.acquire(bytes);
    return new Storage(gpu, buffer, 0, buffer.size, pool);
  }

  /** Memory for data from the host. */
  static forUpload(gpu: Gpu, bytes: number): Storage {
    const { buffer, pool } = gpu.acquireForUpload(bytes);
    return new Storage(gpu, buffer, 0, buffer.size, pool);
  }

  /** Whether one tensor only uses this memory. */
  get exclusive(): boolean {
    return this.#references === 1 && this.pool !== null;
  }

  /**
   * Remembers integers that the host is about to write to all of this memory.
   *
   * @throws RangeError when a recorded command that reads them forbids one.
   */
  writeIntegers(values: ArrayLike<number>): void {
    for (const limit of this.#limits) checkIndices(values, limit);
    this.#integers = values;
  }

  /**
   * Demands something of the integers that are here, and of those written later when a recording reads them again.
   *
   * @returns whether the host knows them.
   * @throws RangeError when it does, and one is forbidden.
   */
  demand(limit: IndexLimit, recording: boolean): boolean {
    if (!this.#integers) return false;
    checkIndices(this.#integers, limit);
    if (recording && !this.#limits.some((each) => sameLimit(each, limit))) this.#limits.push(limit);
    return true;
  }

  /** Counts one more tensor. */
  retain(): this {
    this.#references++;
    return this;
  }

  /** Counts one tensor less. */
  release(): void {
    if (--this.#references === 0) this.pool?.release(this.buffer);
  }
}
