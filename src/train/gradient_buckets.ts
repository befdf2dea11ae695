import type { BufferRange } from "../gpu/gpu.ts";
import type { FlatGroup, FlatSlot } from "../optim/flat_group.ts";

/** Bytes of a bucket at least; smaller ones cost more latency than they save. */
const LEAST = 2 ** 20;
/** Buckets that a large model's gradients are cut into. */
const COUNT = 8;
/** Bytes of a block of a flat buffer. */
const BLOCK_BYTES = 4096;

/** Neighbouring parameters whose gradients are exchanged at once. */
export interface GradientBucket {
  /** The flat buffers that they are in. */
  readonly group: FlatGroup;
  /** The parameters. */
  readonly slots: readonly FlatSlot[];
  /** Their gradients. */
  readonly range: BufferRange;
}

/**
 * Cuts the gradients into buckets of neighbours, the last parameters first, whose gradients the backward pass has first.
 * PyTorch: `DistributedDataParallel`, `bucket_cap_mb`.
 */
export function gradientBuckets(groups: readonly FlatGroup[]): GradientBucket[] {
  const total = groups.reduce((sum, { gradients }) => sum + 4 * gradients.numel, 0);
  const wanted = Math.max(LEAST, total / COUNT);
  return groups.toReversed().flatMap((group) => {
    const buckets: FlatSlot[][] = [[]];
    let bytes = 0;
    for (const slot of group.slots.toReversed()) {
      if (bytes >= wanted) {
        buckets.push([]);
        bytes = 0;
      }
      buckets.at(-1)!.unshift(slot);
      bytes += slot.blocks * BLOCK_BYTES;
    }
    return buckets.map((slots) => ({ group, slots, range: rangeOf(group, slots) }));
  });
}

function rangeOf({ gradients: { storage } }: FlatGroup, slots: readonly FlatSlot[]): BufferRange {
  const blocks = slots.reduce((sum, slot) => sum + slot.blocks, 0);
  const offset = storage.offset + slots[0].firstBlock * BLOCK_BYTES;
  return { buffer: storage.buffer, offset, size: blocks * BLOCK_BYTES };
}
