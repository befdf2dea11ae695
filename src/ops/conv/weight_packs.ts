import code from "../../../kernels/conv/conv2d_tiled_pack_all.wgsl" with { type: "text" };
import type { Gpu } from "../../gpu/gpu.ts";
import { Kernel } from "../../gpu/kernel.ts";
import { synchronous } from "../../gpu/synchronous.ts";
import { Tensor } from "../../tensor/core.ts";
import { tensor } from "../../tensor/create.ts";
import { bytesOf, type DType, elementBytes, wgslFloat } from "../../tensor/dtype.ts";
import { Storage } from "../../tensor/storage.ts";
import { linearGrid } from "../grid.ts";

const kernel = new Kernel("conv2d_tiled_pack_all", code);

/** What the kernel reads of a weight, in the order of its table. */
export interface PackLayout {
  /** Elements of the packed weight. */
  readonly total: number;
  readonly tile: number;
  readonly taps: number;
  readonly chunk: number;
  readonly chunks: number;
  readonly rowTiles: number;
  readonly rows: number;
  readonly channels: number;
  readonly strideGroup: number;
  readonly strideRow: number;
  readonly strideChannel: number;
}

interface Entry {
  readonly weight: Tensor;
  readonly layout: PackLayout;
  readonly packed: Tensor;
  readonly arena: Arena;
}

/** A buffer that packed weights of one type share. */
interface Arena {
  readonly all: Tensor;
  used: number;
}

/** Bytes of an arena for one byte of the buffer that a weight lies in: forward and gradient, tiles that are not full. */
const ROOM = 3;
/** Bytes at which a binding may begin on every adapter. */
const ALIGNMENT = 256;
/** Elements that a workgroup packs. */
const GROUP = 256;
/** Words of the table for a weight. */
const WORDS = 16;

let current: WeightPacks | null = null;

/**
 * The packed weights of a recorded training step. Convolutions that run within {@linkcode WeightPacks.run} ask for theirs, which
 * are then packed on the spot, beside the recording; {@linkcode WeightPacks.pack} does all of them again, after the weights
 * have changed, in one kernel for each buffer that the weights lie in.
 */
export class WeightPacks {
  readonly #entries: Entry[] = [];
  readonly #arenas: Arena[] = [];
  readonly #tables: Tensor[] = [];

  /** Packs nothing yet. */
  constructor(readonly gpu: Gpu) {}

  /** How many packed weights there are. */
  get size(): number {
    return this.#entries.length;
  }

  /**
   * Runs `fn`, whose convolutions of parameters use these.
   *
   * @throws TypeError when `fn` is async.
   */
  run<T>(fn: () => T): T {
    const outer = current;
    current = this;
    try {
      return synchronous("WeightPacks.run", fn());
    } finally {
      current = outer;
    }
  }

  /** Packs all weights again. */
  pack(): void {
    for (const table of this.#tables.splice(0)) table.dispose();
    const same = (a: Entry, b: Entry) =>
      a.arena === b.arena && a.weight.storage.buffer === b.weight.storage.buffer;
    const open = [...this.#entries];
    while (open.length > 0) {
      const [first] = open;
      this.#packTogether(open.filter((each) => same(each, first)));
      for (let i = open.length - 1; i >= 0; i--) if (same(open[i], first)) open.splice(i, 1);
    }
  }

  /** The packed weight, which `packOne` fills where it is new. For {@linkcode packedForTraining}. */
  of(weight: Tensor, layout: PackLayout, dtype: DType, packOne: (into: Tensor) => void): Tensor {
    const words = String(Object.values(layout));
    let found = this.#entries.find((each) =>
      each.weight === weight && each.packed.dtype === dtype &&
      String(Object.values(each.layout)) === words
    );
    if (!found) {
      found = this.gpu.aside(() => {
        const { arena, packed } = this.#take(layout.total, dtype, weight.storage.buffer);
        packOne(packed);
        return { weight, layout, packed, arena };
      });
      this.#entries.push(found);
    }
    return found.packed.alias();
  }

  /** Frees the packed weights; recordings that use them can no longer be replayed. */
  dispose(): void {
    for (const { packed } of this.#entries.splice(0)) packed.dispose();
    for (const { all } of this.#arenas.splice(0)) all.dispose();
    for (const table of this.#tables.splice(0)) table.dispose();
  }

  #take(count: number, dtype: DType, { size }: GPUBuffer): { arena: Arena; packed: Tensor } {
    const bytes = Math.ceil(bytesOf(dtype, count) / ALIGNMENT) * ALIGNMENT;
    let arena = this.#arenas.find(({ all, used }) =>
      all.dtype === dtype && used + bytes <= bytesOf(dtype, all.numel)
    );
    if (!arena) {
      const room = Math.min(ROOM * size, this.gpu.account.maxTensor);
      const elements = Math.max(room, bytes) / elementBytes(dtype);
      arena = { all: Tensor.result(this.gpu, [elements], dtype).keep(), used: 0 };
      this.#arenas.push(arena);
    }
    const { buffer, offset } = arena.all.storage;
    const part = new Storage(this.gpu, buffer, offset + arena.used, bytes, null);
    arena.used += bytes;
    return { arena, packed: Tensor.created(part, [count], dtype).keep() };
  }

  #packTogether(entries: readonly Entry[]): void {
    const [{ arena: { all }, weight: { storage: { buffer } } }] = entries;
    const words = new Uint32Array(WORDS * entries.length);
    const size = elementBytes(all.dtype);
    let groups = 0;
    entries.forEach(({ weight, layout, packed }, i) => {
      const { total, ...rest } = layout;
      const [to, from] = [packed.storage.offset - all.storage.offset, weight.storage.offset];
      words.set([groups, total, to / size, from / 4, ...Object.values(rest)], WORDS * i);
      groups += Math.ceil(total / GROUP);
    });
    const table = tensor(words, null, { device: this.gpu }).keep();
    this.#tables.push(table);
    this.gpu.dispatch(kernel, {
      bindings: { table, w: { buffer, offset: 0, size: buffer.size }, packed: all },
      params: { weights: entries.length, groups },
      values: { E: wgslFloat(all.dtype) },
      workgroups: linearGrid(groups),
    });
  }
}

/**
 * A parameter's packed weight, to be disposed of by the caller, where {@linkcode WeightPacks} are at work; else null.
 *
 * @param packOne fills a packed weight
 */
export function packedForTraining(
  weight: Tensor,
  layout: PackLayout,
  dtype: DType,
  packOne: (into: Tensor) => void,
): Tensor | null {
  const parameter = weight.requiresGrad && !weight.node;
  if (!current || !parameter || weight.gpu.dry) return null;
  return current.of(weight, layout, dtype, packOne);
}
