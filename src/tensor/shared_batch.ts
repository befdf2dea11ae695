import { synchronous } from "../gpu/synchronous.ts";

/** What ops have to know of a batch that several processes have a part of each. */
export interface SharedBatch {
  /** Images of the whole batch. */
  readonly size: number;
  /** The place in it of each image of this process: two stretches at most. */
  readonly places: Int32Array;
  /** Whether they are another process's, too, and count nothing here. */
  readonly spare: boolean;
  /** This process, from 0. */
  readonly rank: number;
  /** How many processes there are. */
  readonly ranks: number;
  /** Whether batch normalisation takes its statistics over the whole batch. */
  readonly syncBatchNorm: boolean;
  /** Whether losses that compare images compare those of the whole batch. */
  readonly gatherBatch: boolean;
  /** Adds numbers over all processes, in place. */
  readonly sum: (values: Float32Array) => Promise<void>;
}

let current: SharedBatch | null = null;

/** The batch under way, where several processes share it; null where it is this one's alone. */
export function sharedBatch(): SharedBatch | null {
  return current;
}

/**
 * Runs `fn` on this process's part of a batch.
 *
 * @throws TypeError when `fn` is async.
 */
export function withSharedBatch<T>(batch: SharedBatch | null, fn: () => T): T {
  const outer = current;
  current = batch;
  try {
    return synchronous("withSharedBatch", fn());
  } finally {
    current = outer;
  }
}
