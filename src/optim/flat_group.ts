import { BUFFER_GRAIN } from "../gpu/buffer_pool.ts";
import type { BufferRange, Gpu } from "../gpu/gpu.ts";
import { tensor, zeros } from "../tensor/create.ts";
import { Storage } from "../tensor/storage.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Elements of a block: what one workgroup of an optimiser's kernel updates. */
export const BLOCK = BUFFER_GRAIN / 4;

/** One parameter's place in a {@linkcode FlatGroup}. */
export interface FlatSlot {
  /** The tensor that was moved. */
  readonly parameter: Tensor;
  /** Where its gradient is copied to. */
  readonly gradient: BufferRange;
  /** Optimiser state of the parameter's shape. */
  readonly state: Tensor;
  /** Index of its first block. */
  readonly firstBlock: number;
  /** Blocks it takes, the last one padded with zeros. */
  readonly blocks: number;
}

/**
 * Parameters moved into one buffer, with a buffer of as many gradients and one of optimiser state, so
 * that one kernel updates them all. Every parameter starts at a whole block.
 */
export class FlatGroup {
  /** All parameters, in blocks. */
  readonly values: Tensor;
  /** Their gradients, at the same places. */
  readonly gradients: Tensor;
  /** Their optimiser state, at the same places; zeros at first. */
  readonly states: Tensor;
  /** One flag a block: whether its parameter has a gradient. */
  readonly enabled: Tensor;
  /** In the order of the parameters. */
  readonly slots: readonly FlatSlot[];
  #flags: string;

  /** Moves the parameters; recordings made with them before are no longer valid. */
  constructor(gpu: Gpu, parameters: readonly Tensor[]) {
    const blocks = parameters.map((parameter) => Math.ceil(parameter.numel / BLOCK));
    const total = blocks.reduce((sum, count) => sum + count, 0);
    this.values = zeros([total * BLOCK], { device: gpu }).keep();
    this.gradients = zeros([total * BLOCK], { device: gpu }).keep();
    this.states = zeros([total * BLOCK], { device: gpu }).keep();
    // Nearly always true; an upload in a step would compile what is queued without a word about it.
    const all = new Uint32Array(total).fill(1);
    this.enabled = tensor(all, null, { device: gpu }).keep();
    this.#flags = all.join("");
    let firstBlock = 0;
    this.slots = parameters.map((parameter, i) => {
      const slice = (of: Tensor) => new Slice(of.storage, firstBlock, blocks[i]);
      parameter.moveTo(slice(this.values));
      const state = Tensor.created(slice(this.states), parameter.shape).keep();
      const slot = {
        parameter,
        gradient: rangeOf(this.gradients.storage, firstBlock, blocks[i]),
        state,
        firstBlock,
        blocks: blocks[i],
      };
      firstBlock += blocks[i];
      return slot;
    });
  }

  /** Blocks of all parameters. */
  get blocks(): number {
    return this.values.numel / BLOCK;
  }

  /** Copies every parameter's `.grad` into {@linkcode FlatGroup.gradients} and notes who has one. */
  gather(): void {
    const flags = new Uint32Array(this.blocks);
    for (const { parameter, gradient, firstBlock, blocks } of this.slots) {
      if (!parameter.grad) continue;
      parameter.gpu.copy(parameter.grad.storage, gradient, 4 * parameter.numel);
      flags.fill(1, firstBlock, firstBlock + blocks);
    }
    const key = flags.join("");
    if (key === this.#flags) return;
    this.#flags = key;
    this.enabled.copy_(flags);
  }

  /** Frees gradients and state; parameters stay, their buffer is freed with the last of them. */
  dispose(): void {
    for (const { state } of this.slots) state.dispose();
    for (const tensor of [this.values, this.gradients, this.states, this.enabled]) tensor.dispose();
  }
}

/** Blocks of a flat buffer, which lives as long as any of its slices. */
class Slice extends Storage {
  readonly #owner: Storage;
  #references = 1;

  constructor(owner: Storage, firstBlock: number, blocks: number) {
    const { buffer, offset, size } = rangeOf(owner, firstBlock, blocks);
    super(owner.gpu, buffer, offset, size, null);
    this.#owner = owner.retain();
  }

  override retain(): this {
    this.#references++;
    return this;
  }

  override release(): void {
    if (--this.#references === 0) this.#owner.release();
  }
}

function rangeOf({ buffer, offset }: Storage, firstBlock: number, blocks: number): BufferRange {
  return { buffer, offset: offset + firstBlock * BUFFER_GRAIN, size: blocks * BUFFER_GRAIN };
}
