import accumulateCode from "../../kernels/optim/accumulate_gradients.wgsl" with { type: "text" };
import { BUFFER_GRAIN } from "../gpu/buffer_pool.ts";
import type { BufferRange, Gpu } from "../gpu/gpu.ts";
import { Kernel } from "../gpu/kernel.ts";
import { linearGrid } from "../ops/grid.ts";
import { tensor, zeros } from "../tensor/create.ts";
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

/** A tensor's place in a flat buffer. */
interface FlatPlace {
  /** The tensor that was moved. */
  readonly tensor: Tensor;
  /** Index of its first block. */
  readonly firstBlock: number;
  /** Blocks it takes, the last one padded with zeros. */
  readonly blocks: number;
}

/** Tensors of float32 moved into one buffer, each at a whole block, so that one kernel goes over all of them. */
export class FlatTensors {
  /** All tensors, in blocks. */
  readonly values: Tensor;
  /** In the order of the tensors. */
  readonly places: readonly FlatPlace[];

  /** Moves the tensors, whose handles stay valid; recordings made with them before are not. */
  constructor(gpu: Gpu, tensors: readonly Tensor[]) {
    let firstBlock = 0;
    this.places = tensors.map((tensor) => {
      const place = { tensor, firstBlock, blocks: Math.ceil(tensor.numel / BLOCK) };
      firstBlock += place.blocks;
      return place;
    });
    this.values = zeros([firstBlock * BLOCK], { device: gpu }).keep();
    for (const place of this.places) place.tensor.moveTo(sliceOf(this.values, place));
  }

  /** Blocks of all tensors. */
  get blocks(): number {
    return this.values.numel / BLOCK;
  }

  /** A buffer of zeros of the same layout, and each tensor's part of it. */
  mirror(): { all: Tensor; parts: Tensor[] } {
    const all = zeros([this.values.numel], { device: this.values.gpu }).keep();
    const parts = this.places.map((place) =>
      Tensor.created(sliceOf(all, place), place.tensor.shape).keep()
    );
    return { all, parts };
  }
}

/** One parameter's place in a {@linkcode FlatGroup}. */
export interface FlatSlot {
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
export class FlatGroup extends FlatTensors {
  /** Their gradients, at the same places. */
  readonly gradients: Tensor;
  /** Their optimiser states by name, at the same places, and counters, one number a block; zeros at first. */
  readonly states: Readonly<Record<string, Tensor>>;
  /** One flag a block: whether its parameter has a gradient. */
  readonly enabled: Tensor;
  /** In the order of the parameters. */
  readonly slots: readonly FlatSlot[];
  #flags: string;
  /** Parameters whose gradients were copied before the others. */
  readonly #copied = new Set<FlatSlot>();
  /** Gradients of the latest batch, where those of several are added up. */
  #latest: Tensor | null = null;

  /** Moves the parameters; recordings made with them before are no longer valid. */
  constructor(gpu: Gpu, parameters: readonly Tensor[], layout: StateLayout) {
    super(gpu, parameters);
    const total = this.blocks;
    this.gradients = zeros([total * BLOCK], { device: gpu }).keep();
    const { states, counters = [] } = layout;
    const mirrors = states.map((name) => [name, this.mirror()] as const);
    const counts = counters.map((name) => [name, zeros([total], { device: gpu }).keep()] as const);
    this.states = Object.fromEntries([
      ...mirrors.map(([name, { all }]) => [name, all]),
      ...counts,
    ]);
    // Nearly always true; an upload in a step would compile what is queued without a word about it.
    const all = new Uint32Array(total).fill(1);
    this.enabled = tensor(all, null, { device: gpu }).keep();
    this.#flags = all.join("");
    this.slots = this.places.map(({ tensor: parameter, ...place }, i) => {
      const state = new Map([
        ...mirrors.map(([name, { parts }]) => [name, parts[i]] as const),
        ...counts.map(([name, all]) => {
          const slice = new Slice(all.storage, place.firstBlock * 4, place.blocks * 4);
          return [name, Tensor.created(slice, []).keep()] as const;
        }),
      ]);
      return { parameter, state, ...place };
    });
  }

  /** Copies one parameter's `.grad` before those of the others; {@linkcode FlatGroup.gather} then leaves it out. */
  gatherEarly(slot: FlatSlot): void {
    this.#copy(slot, this.gradients);
    this.#copied.add(slot);
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
    const flags = new Uint32Array(this.blocks);
    for (const slot of this.slots) {
      const { parameter, firstBlock, blocks } = slot;
      if (!parameter.grad) continue;
      if (!this.#copied.has(slot)) this.#copy(slot, target);
      flags.fill(1, firstBlock, firstBlock + blocks);
    }
    this.#copied.clear();
    const key = flags.join("");
    if (key === this.#flags) return;
    this.#flags = key;
    this.enabled.copy_(flags);
  }

  #copy(
    { parameter, firstBlock, blocks }: FlatSlot,
    { storage: { buffer, offset } }: Tensor,
  ): void {
    const place: BufferRange = {
      buffer,
      offset: offset + firstBlock * BUFFER_GRAIN,
      size: blocks * BUFFER_GRAIN,
    };
    parameter.gpu.copy(parameter.grad!.storage, place, 4 * parameter.numel);
  }
}

/** Cuts tensors into lists that one buffer has room for. */
export function splitByRoom(tensors: readonly Tensor[], { account }: Gpu): Tensor[][] {
  const room = account.maxTensor / 4;
  const parts: Tensor[][] = [];
  let used = Infinity;
  for (const tensor of tensors) {
    const size = Math.ceil(tensor.numel / BLOCK) * BLOCK;
    if (used + size > room) {
      parts.push([]);
      used = 0;
    }
    parts.at(-1)!.push(tensor);
    used += size;
  }
  return parts;
}

function sliceOf(all: Tensor, { firstBlock, blocks }: FlatPlace): Slice {
  return new Slice(all.storage, firstBlock * BUFFER_GRAIN, blocks * BUFFER_GRAIN);
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
