import accumulateCode from "../../kernels/optim/accumulate_gradients.wgsl" with { type: "text" };
import { BUFFER_GRAIN } from "../gpu/buffer_pool.ts";
import type { BufferRange, Gpu } from "../gpu/gpu.ts";
import { Kernel } from "../gpu/kernel.ts";
import { linearGrid } from "../ops/grid.ts";
import { tensor, zeros } from "../tensor/create.ts";
import type { Shape } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { Tensor } from "../tensor/tensor.ts";

const accumulateKernel = new Kernel("accumulate_gradients", accumulateCode);

/** Elements of a block: what one workgroup of an optimiser's kernel updates. */
export const BLOCK = BUFFER_GRAIN / 4;

/** What an optimiser keeps beside its parameters, by PyTorch's names. */
export interface StateLayout {
  /** States of the parameter's shape, such as `momentum_buffer`. */
  readonly states: readonly string[];
  /** One number a parameter, such as `step`; the kernel has one for each of its blocks. */
  readonly counters?: readonly string[];
}

/** One parameter's place in a {@linkcode FlatGroup}. */
interface FlatSlot {
  /** The tensor that was moved. */
  readonly parameter: Tensor;
  /** Its part of every state by name: of the parameter's shape, or one number. */
  readonly state: ReadonlyMap<string, Tensor>;
  /** Index of its first block. */
  readonly firstBlock: number;
  /** Blocks it takes, the last one padded with zeros. */
  readonly blocks: number;
}

/**
 * Parameters moved into one buffer, with a buffer of as many gradients and one for each optimiser state, so
 * that one kernel updates them all. Every parameter starts at a whole block.
 */
export class FlatGroup {
  /** All parameters, in blocks. */
  readonly values: Tensor;
  /** Their gradients, at the same places. */
  readonly gradients: Tensor;
  /** Their optimiser states by name, at the same places, and counters, one number a block; zeros at first. */
  readonly states: Readonly<Record<string, Tensor>>;
  /** One flag a block: whether its parameter has a gradient. */
  readonly enabled: Tensor;
  /** In the order of the parameters. */
  readonly slots: readonly FlatSlot[];
  #flags: string;
  /** Gradients of the latest batch, where those of several are added up. */
  #latest: Tensor | null = null;

  /** Moves the parameters; recordings made with them before are no longer valid. */
  constructor(gpu: Gpu, parameters: readonly Tensor[], layout: StateLayout) {
    const blocks = parameters.map((parameter) => Math.ceil(parameter.numel / BLOCK));
    const total = blocks.reduce((sum, count) => sum + count, 0);
    const filled = (length: number) => zeros([length], { device: gpu }).keep();
    this.values = filled(total * BLOCK);
    this.gradients = filled(total * BLOCK);
    const { states, counters = [] } = layout;
    this.states = Object.fromEntries([
      ...states.map((name) => [name, filled(total * BLOCK)]),
      ...counters.map((name) => [name, filled(total)]),
    ]);
    // Nearly always true; an upload in a step would compile what is queued without a word about it.
    const all = new Uint32Array(total).fill(1);
    this.enabled = tensor(all, null, { device: gpu }).keep();
    this.#flags = all.join("");
    let firstBlock = 0;
    this.slots = parameters.map((parameter, i) => {
      const part = (of: Tensor, bytes: number, shape: Shape) => {
        const slice = new Slice(of.storage, firstBlock * bytes, blocks[i] * bytes);
        return Tensor.created(slice, shape).keep();
      };
      parameter.moveTo(
        new Slice(this.values.storage, firstBlock * BUFFER_GRAIN, blocks[i] * BUFFER_GRAIN),
      );
      const state = new Map([
        ...states.map((name) =>
          [name, part(this.states[name], BUFFER_GRAIN, parameter.shape)] as const
        ),
        ...counters.map((name) => [name, part(this.states[name], 4, [])] as const),
      ]);
      const slot = { parameter, state, firstBlock, blocks: blocks[i] };
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
    this.#gather(this.gradients);
  }

  /**
   * Adds every parameter's `.grad` times `weight`, one float32 on the device, to {@linkcode FlatGroup.gradients}, and notes
   * who has one.
   */
  accumulate(weight: Tensor): void {
    const latest = this.reserveAccumulation();
    this.#gather(latest);
    latest.gpu.dispatch(accumulateKernel, {
      bindings: {
        weight: weight.storage,
        gradients: latest.storage,
        sums: this.gradients.storage,
      },
      workgroups: linearGrid(this.blocks),
    });
  }

  /** Takes the memory that {@linkcode FlatGroup.accumulate} wants, so that it is not taken within a recording. */
  reserveAccumulation(): Tensor {
    return this.#latest ??= zeros([this.gradients.numel], { device: this.gradients.gpu }).keep();
  }

  /** Overwrites a parameter's state. A counter is one number. */
  loadState({ state, blocks }: FlatSlot, name: string, data: Float32Array): void {
    const own = state.get(name)!;
    const counter = this.states[name].numel === this.blocks;
    if (!counter) own.copy_(data);
    else own.gpu.upload(own.storage, new Float32Array(blocks).fill(data[0]));
  }

  /** Frees gradients and state; parameters stay, their buffer is freed with the last of them. */
  dispose(): void {
    for (const { state } of this.slots) for (const tensor of state.values()) tensor.dispose();
    const { values, gradients, states, enabled } = this;
    for (const each of [values, gradients, ...Object.values(states), enabled]) each.dispose();
    this.#latest?.dispose();
  }

  #gather(target: Tensor): void {
    const { buffer, offset } = target.storage;
    const flags = new Uint32Array(this.blocks);
    for (const { parameter, firstBlock, blocks } of this.slots) {
      if (!parameter.grad) continue;
      const place: BufferRange = {
        buffer,
        offset: offset + firstBlock * BUFFER_GRAIN,
        size: blocks * BUFFER_GRAIN,
      };
      parameter.gpu.copy(parameter.grad.storage, place, 4 * parameter.numel);
      flags.fill(1, firstBlock, firstBlock + blocks);
    }
    const key = flags.join("");
    if (key === this.#flags) return;
    this.#flags = key;
    this.enabled.copy_(flags);
  }
}

/** A part of a flat buffer, which lives as long as any of its slices. */
class Slice extends Storage {
  readonly #owner: Storage;
  #references = 1;

  constructor(owner: Storage, start: number, bytes: number) {
    super(owner.gpu, owner.buffer, owner.offset + start, bytes, null);
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
