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
 *
 * @param bytes of a bucket at least, all but the last of each flat buffer; default an eighth of all, and 1 MiB or more
 */
export function gradientBuckets(
  groups: readonly FlatGroup[],
  bytes: number = usualBytes(groups),
): GradientBucket[] {
  return groups.toReversed().flatMap((group) => {
    const buckets: FlatSlot[][] = [[]];
    let filled = 0;
    for (const slot of group.slots.toReversed()) {
      if (filled >= bytes) {
        buckets.push([]);
        filled = 0;
      }
      buckets.at(-1)!.unshift(slot);
      filled += slot.blocks * BLOCK_BYTES;
    }
    return buckets.map((slots) => ({ group, slots, range: rangeOf(group, slots) }));
  });
}

function usualBytes(groups: readonly FlatGroup[]): number {
  const total = groups.reduce((sum, { gradients }) => sum + 4 * gradients.numel, 0);
  return Math.max(LEAST, total / COUNT);
}

function rangeOf({ gradients: { storage } }: FlatGroup, slots: readonly FlatSlot[]): BufferRange {
  const blocks = slots.reduce((sum, slot) => sum + slot.blocks, 0);
  const offset = storage.offset + slots[0].firstBlock * BLOCK_BYTES;
  return { buffer: storage.buffer, offset, size: blocks * BLOCK_BYTES };
}
