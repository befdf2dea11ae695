import { BufferPool, type MemoryAccount } from "./buffer_pool.ts";
import type { Command } from "./command.ts";
import { synchronous } from "./synchronous.ts";

/** What is kept while a step is recorded: its commands, and the buffers that replays need. */
export class RecordingScope {
  /** The recorded commands. */
  readonly commands: Command[] = [];
  /** Buffers of the outer pool that belong to the recording. */
  readonly pinned: GPUBuffer[] = [];
  /** Where buffers come from meanwhile. */
  readonly pool: BufferPool;

  /** `outer` is the pool from before; what is freed into it waits for {@linkcode RecordingScope.close}. */
  constructor(device: GPUDevice, account: MemoryAccount, readonly outer: BufferPool) {
    this.pool = new BufferPool(device, account, () => outer.trim(), outer);
    // Commands recorded so far may use what is freed meanwhile, so it waits for the recording's end.
    outer.held = this.pinned;
  }

  /** Runs `fn`, during which commands and buffers are to be kept here, and ends the recording; frees all where it throws. */
  run(fn: () => void): void {
    let done = false;
    try {
      synchronous("record", fn() as unknown);
      done = true;
    } finally {
      this.close();
      if (!done) this.release();
    }
  }

  /** Ends the recording. */
  close(): void {
    this.outer.held = null;
  }

  /** Frees the buffers, when nothing is replayed any more. */
  release(): void {
    this.pool.dispose();
    for (const buffer of this.pinned) this.outer.release(buffer);
  }
}
