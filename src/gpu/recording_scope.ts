import { BufferPool, type MemoryAccount } from "./buffer_pool.ts";
import type { Command, Visit } from "./command.ts";
import type { ExchangeOptions } from "./exchange.ts";
import { synchronous } from "./synchronous.ts";

/** What is kept while a step is recorded: its commands, and the buffers that replays need. */
export class RecordingScope {
  /** The recorded commands. */
  readonly commands: Command[] = [];
  /** Exchanges among them. */
  exchanges = 0;
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

  /** Adds an exchange; what is recorded behind it runs when the recording has ended. */
  exchange(
    device: GPUDevice,
    { buffer: source, offset, size }: { buffer: GPUBuffer; offset: number; size: number },
    visit: Visit,
    { wait = true, back = true }: ExchangeOptions = {},
  ): void {
    const staging = device.createBuffer({ size, usage: 0x01 | 0x08 }); // MAP_READ | COPY_DST
    const values = new Float32Array(size / 4);
    const place = { source, offset, size, staging, values };
    this.commands.push({ kind: "exchange", ...place, visit, wait, back });
    this.exchanges++;
  }

  /** Ends the recording. */
  close(): void {
    this.outer.held = null;
  }

  /** Frees the buffers, when nothing is replayed any more. */
  release(): void {
    this.pool.dispose();
    for (const command of this.commands) if (command.kind === "exchange") command.staging.destroy();
    for (const buffer of this.pinned) this.outer.release(buffer);
  }
}
