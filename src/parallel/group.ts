/**
 * Processes that work on one thing together, each known by its rank. All of them make the same calls in the same order; a call
 * ends when all have made it.
 */
export interface Group {
  /** This process: 0 to `size - 1`. */
  readonly rank: number;
  /** Number of processes. */
  readonly size: number;
  /** This process among those of the same host: 0 to `localSize - 1`. */
  readonly localRank: number;
  /** Number of processes on this host. */
  readonly localSize: number;
  /**
   * Adds element by element over all ranks, in place, in a fixed order: the same world size gives the same bits, and all ranks
   * hold them. The values must not be touched until it ends.
   */
  allReduceSum(values: Float32Array): Promise<void>;
  /** Copies the bytes of one rank over those of all others, which must be as many; default that of rank 0. */
  broadcast(bytes: Uint8Array, root?: number): Promise<void>;
  /** The bytes of every rank, in the order of ranks; each may give another number of them. */
  allGather(bytes: Uint8Array): Promise<Uint8Array[]>;
  /** Ends when all ranks have called it. */
  barrier(): Promise<void>;
  /** Ends all ranks at once, with this exit status where the launcher hands it on. */
  abort(code: number): never;
  /** Leaves the group; waits for the others to leave it. */
  close(): Promise<void>;
}

/** A process by itself: rank 0 of 1. It loads no library and changes nothing. */
export const ALONE: Group = {
  rank: 0,
  size: 1,
  localRank: 0,
  localSize: 1,
  allReduceSum: () => Promise.resolve(),
  broadcast: () => Promise.resolve(),
  allGather: (bytes) => Promise.resolve([bytes.slice()]),
  barrier: () => Promise.resolve(),
  abort: (code) => Deno.exit(code),
  close: () => Promise.resolve(),
};
