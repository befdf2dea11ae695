import type { BufferPool } from "../gpu/buffer_pool.ts";
import type { BufferRange, Gpu } from "../gpu/gpu.ts";

/** Device memory shared by the tensors that view it; returned to its pool with the last of them. */
export class Storage implements BufferRange {
  #references = 1;

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
