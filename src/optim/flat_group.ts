import { BUFFER_GRAIN } from "../gpu/buffer_pool.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { tensor, zeros } from "../tensor/create.ts";
import type { Shape } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Elements of a block: what one workgroup of an optimiser's kernel updates. */
export const BLOCK = BUFFER_GRAIN / 4;

/** One parameter's place in a {@linkcode FlatGroup}. */
export interface FlatSlot {
  readonly parameter: Tensor;
  readonly gradient: Storage;
  /** Optimiser state of the parameter's shape. */
  readonly state: Tensor;
  readonly firstBlock: number;
  readonly blocks: number;
}

/**
 * Parameters moved into one buffer, with a buffer of as many gradients and one of optimiser state, so
 * that one kernel updates them all. Every parameter starts at a whole block.
 */
export class FlatGroup {
  readonly values: Tensor;
  readonly gradients: Tensor;
  readonly states: Tensor;
  /** One flag a block: whether its parameter has a gradient. */
  readonly enabled: Tensor;
  readonly slots: readonly FlatSlot[];
  #flags = "";

  constructor(gpu: Gpu, parameters: readonly Tensor[]) {
    const blocks = parameters.map((parameter) => Math.ceil(parameter.numel / BLOCK));
    const total = blocks.reduce((sum, count) => sum + count, 0);
    this.values = zeros([total * BLOCK], { device: gpu }).keep();
    this.gradients = zeros([total * BLOCK], { device: gpu }).keep();
    this.states = zeros([total * BLOCK], { device: gpu }).keep();
    this.enabled = tensor(new Uint32Array(total), null, { device: gpu }).keep();
    let firstBlock = 0;
    this.slots = parameters.map((parameter, i) => {
      const slice = (of: Tensor) => sliceOf(of, firstBlock, blocks[i]);
      parameter.moveTo(slice(this.values));
      const state = view(slice(this.states), parameter.shape);
      const slot = {
        parameter,
        gradient: slice(this.gradients),
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

  /** Frees gradients and state; the parameters keep their values. */
  dispose(): void {
    this.gradients.dispose();
    this.states.dispose();
    this.enabled.dispose();
  }
}

function sliceOf(of: Tensor, firstBlock: number, blocks: number): Storage {
  const { gpu, buffer, offset } = of.storage;
  const start = offset + firstBlock * BUFFER_GRAIN;
  // The flat tensor owns the buffer and stays for the life of the program or until dispose().
  return new Storage(gpu, buffer, start, blocks * BUFFER_GRAIN, null);
}

function view(storage: Storage, shape: Shape): Tensor {
  return Tensor.created(storage, shape).keep();
}
