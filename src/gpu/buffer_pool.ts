import { GpuError } from "./gpu_error.ts";

/** Every buffer is a multiple of this, so that vectorised kernels may write past a tensor's last element. */
export const BUFFER_GRAIN = 4096;

/** Bytes accounted for one device. */
export interface MemoryAccount {
  /** Bytes of buffers that live tensors own. */
  inUse: number;
  /** Largest `inUse` so far. */
  peak: number;
  /** Bytes of all buffers that exist, in use or waiting for reuse. */
  allocated: number;
  /** Bytes that may be allocated; more is refused. */
  limit: number;
  /** Largest single tensor: the adapter's storage binding limit. */
  maxTensor: number;
}

/** Rounds up to a size class: eight classes for every power of two, none below {@linkcode BUFFER_GRAIN}. */
export function sizeClass(bytes: number): number {
  if (bytes <= 8 * BUFFER_GRAIN) {
    return Math.max(BUFFER_GRAIN, Math.ceil(bytes / BUFFER_GRAIN) * BUFFER_GRAIN);
  }
  const step = Math.max(BUFFER_GRAIN, 2 ** (Math.ceil(Math.log2(bytes)) - 4));
  return Math.ceil(bytes / step) * step;
}

/** Idle bytes that are left alone however little was ever in use. */
const IDLE_FLOOR = 2 ** 28;

const USAGE = 0x80 | 0x40 | 0x04 | 0x08; // STORAGE | UNIFORM | COPY_SRC | COPY_DST

/** Storage buffers by size class; released ones are handed out again in order of release. */
export class BufferPool {
  /** Where released buffers are put aside instead of being handed out again, if anywhere. */
  held: GPUBuffer[] | null = null;
  readonly #free = new Map<number, GPUBuffer[]>();
  #idle = 0;
  #disposed = false;

  /**
   * `reclaim` may {@linkcode BufferPool.trim} the pool `reclaimed`, by default this one. It is called before memory is
   * refused (`needed`), and where more waits than was ever in use: how much memory a device has is not known, and a
   * driver that runs out of it stops the run.
   */
  constructor(
    readonly device: GPUDevice,
    readonly account: MemoryAccount,
    readonly reclaim: (needed: boolean) => void,
    readonly reclaimed?: BufferPool,
  ) {}

  /** Bytes that wait for reuse. */
  get idle(): number {
    return this.#idle;
  }

  /**
   * A buffer of at least `bytes` bytes, contents undefined.
   *
   * @throws GpuError when it would pass the binding limit or the memory limit.
   */
  acquire(bytes: number): GPUBuffer {
    const { account } = this;
    if (bytes > account.maxTensor) {
      throw new GpuError(
        `a tensor of ${megabytes(bytes)} is larger than the ${megabytes(account.maxTensor)} that ` +
          "this adapter can bind at once",
        "out-of-memory",
      );
    }
    const size = Math.min(sizeClass(bytes), Math.max(account.maxTensor, BUFFER_GRAIN));
    const waiting = this.#free.get(size);
    let buffer = waiting?.pop();
    if (buffer) this.#idle -= size;
    else buffer = this.#create(size);
    account.inUse += size;
    account.peak = Math.max(account.peak, account.inUse);
    return buffer;
  }

  /** Takes a buffer back; commands already queued may still use it, later ones run after them. */
  release(buffer: GPUBuffer): void {
    if (this.held) {
      this.held.push(buffer);
      return;
    }
    const { account } = this;
    account.inUse -= buffer.size;
    if (this.#disposed) {
      account.allocated -= buffer.size;
      buffer.destroy();
      return;
    }
    this.#idle += buffer.size;
    const waiting = this.#free.get(buffer.size);
    if (waiting) waiting.push(buffer);
    else this.#free.set(buffer.size, [buffer]);
  }

  /** Destroys the buffers that wait for reuse. Call only when no queued command uses them. */
  trim(): void {
    for (const buffers of this.#free.values()) {
      for (const buffer of buffers) {
        this.account.allocated -= buffer.size;
        buffer.destroy();
      }
    }
    this.#free.clear();
    this.#idle = 0;
  }

  /** Ends the pool: waiting buffers are destroyed now, the others when they are released. */
  dispose(): void {
    this.trim();
    this.#disposed = true;
  }

  #create(size: number): GPUBuffer {
    const { account } = this;
    const scarce = () => account.allocated + size > account.limit;
    const { idle } = this.reclaimed ?? this;
    if (scarce()) this.reclaim(true);
    else if (idle > Math.max(account.peak, account.inUse + size, IDLE_FLOOR)) this.reclaim(false);
    if (scarce()) {
      throw new GpuError(
        `out of device memory: wanted ${megabytes(size)}, ${describeMemory(account)}, ` +
          `limit ${megabytes(account.limit)}`,
        "out-of-memory",
      );
    }
    const buffer = this.device.createBuffer({ size, usage: USAGE });
    account.allocated += size;
    return buffer;
  }
}

/** The bytes of an account, which together are all that is allocated. */
function describeMemory({ allocated, inUse }: MemoryAccount): string {
  return `in use ${megabytes(inUse)}, waiting for reuse ${megabytes(allocated - inUse)}`;
}

/**
 * An error that the driver reported: its message, with the sizes where it says that memory ran out.
 *
 * @param name the name of the error's class, where there is one
 */
export function driverError(message: string, name: string, account: MemoryAccount): GpuError {
  const text = message.trim().replaceAll("\n", "\n  ");
  if (name === "GPUOutOfMemoryError" || /out of memory|not enough memory/i.test(message)) {
    return new GpuError(
      `the device ran out of memory: ${describeMemory(account)} (${text})`,
      "out-of-memory",
    );
  }
  return new GpuError(text, /\blost\b/i.test(message) ? "device-lost" : "kernel");
}

/** `1536.0 MB`, for messages. */
export function megabytes(bytes: number): string {
  return Number.isFinite(bytes) ? `${(bytes / 2 ** 20).toFixed(1)} MB` : "unlimited";
}
