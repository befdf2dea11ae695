import type { BufferRange, Gpu } from "./gpu.ts";

/**
 * Reads a small buffer back again and again without waiting for the device: a ring of staging
 * buffers, of which the oldest is waited for only when all are under way. That also bounds how far
 * the host runs ahead of the device.
 */
export class ReadbackRing<Tag> {
  readonly #staging: GPUBuffer[];
  readonly #underWay: Promise<void>[] = [];
  #next = 0;

  /** `receive` gets the bytes as float32 and the tag of their {@linkcode ReadbackRing.push}, in order. */
  constructor(
    readonly gpu: Gpu,
    readonly bytes: number,
    readonly receive: (values: Float32Array, tag: Tag) => void,
    slots = 4,
  ) {
    this.#staging = Array.from(
      { length: slots },
      () => gpu.device.createBuffer({ size: bytes, usage: 0x01 | 0x08 }), // MAP_READ | COPY_DST
    );
  }

  /** Copies `source` as it is after everything submitted so far. */
  async push(source: BufferRange, tag: Tag): Promise<void> {
    if (this.#underWay.length === this.#staging.length) await this.#underWay.shift();
    this.gpu.flushNow();
    const staging = this.#staging[this.#next++ % this.#staging.length];
    const encoder = this.gpu.device.createCommandEncoder();
    encoder.copyBufferToBuffer(source.buffer, source.offset, staging, 0, this.bytes);
    this.gpu.device.queue.submit([encoder.finish()]);
    const taken = this.#take(staging, tag);
    // A failure is thrown where the read-back is waited for, not as an unhandled rejection before.
    taken.catch(() => {});
    this.#underWay.push(taken);
  }

  /** Waits for everything that is under way. */
  async drain(): Promise<void> {
    while (this.#underWay.length > 0) await this.#underWay.shift();
    this.gpu.check();
  }

  /** Frees the staging buffers. */
  dispose(): void {
    for (const staging of this.#staging) staging.destroy();
  }

  async #take(staging: GPUBuffer, tag: Tag): Promise<void> {
    await staging.mapAsync(1).catch((error) =>
      this.gpu.failure.unanswered(error, "reading from the device")
    );
    const values = new Float32Array(staging.getMappedRange().slice(0));
    staging.unmap();
    this.receive(values, tag);
  }
}
