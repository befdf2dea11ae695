/** A place in a uniform buffer. */
interface ParamSlot {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly size: number;
}

const PAGE_BYTES = 64 * 1024;
const MAX_PAGES = 128;

/**
 * Uniform parameter blocks, shared by content: the same words give the same slot, so that a program
 * with fixed shapes creates no uniform buffer after its first step.
 */
export class ParamArena {
  #slots = new Map<string, ParamSlot>();
  #pages: GPUBuffer[] = [];
  #used = PAGE_BYTES;
  readonly #align: number;

  constructor(readonly device: GPUDevice) {
    this.#align = Math.max(32, device.limits.minUniformBufferOffsetAlignment);
  }

  /** True when the next {@linkcode ParamArena.slot} should be preceded by {@linkcode ParamArena.clear}. */
  get full(): boolean {
    return this.#pages.length >= MAX_PAGES;
  }

  /** The slot that holds `words`; written once. */
  slot(words: Uint32Array): ParamSlot {
    const key = words.join(",");
    let slot = this.#slots.get(key);
    if (slot) return slot;
    const size = Math.ceil(words.byteLength / 16) * 16;
    const stride = Math.ceil(size / this.#align) * this.#align;
    if (this.#used + stride > PAGE_BYTES) {
      this.#pages.push(this.device.createBuffer({ size: PAGE_BYTES, usage: 0x40 | 0x08 }));
      this.#used = 0;
    }
    const buffer = this.#pages[this.#pages.length - 1];
    slot = { buffer, offset: this.#used, size };
    this.device.queue.writeBuffer(buffer, slot.offset, words as Uint32Array<ArrayBuffer>);
    this.#used += stride;
    this.#slots.set(key, slot);
    return slot;
  }

  /**
   * Forgets every slot. Pages are not destroyed: recordings and queued commands may hold them, and
   * the driver frees them when the last bind group goes.
   */
  clear(): void {
    this.#slots = new Map();
    this.#pages = [];
    this.#used = PAGE_BYTES;
  }
}
