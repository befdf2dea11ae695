import type { Group } from "../../src/parallel/group.ts";

/** What every rank has brought to a call, and what comes of it. */
interface Call {
  readonly given: unknown[];
  readonly done: Promise<unknown[]>;
  readonly resolve: (given: unknown[]) => void;
}

/** What ends a rank of {@linkcode localGroups} that another one has aborted. */
export class Aborted extends Error {
  /** `code`: the exit status. */
  constructor(readonly code: number) {
    super(`aborted with ${code}`);
  }
}

/** Groups of `size` ranks in one process, which run as promises; calls of one number belong together. */
export function localGroups(size: number): Group[] {
  const calls: Call[] = [];
  let aborted: Aborted | null = null;
  let fail: (error: Aborted) => void;
  const failed = new Promise<never>((_, reject) => fail = reject);
  failed.catch(() => {});

  function make(rank: number): Group {
    let count = 0;
    const meet = (value: unknown): Promise<unknown[]> => {
      if (aborted) return Promise.reject(aborted);
      const call = calls[count] ??= open();
      count++;
      call.given[rank] = value;
      if (Object.keys(call.given).length === size) call.resolve(call.given);
      return Promise.race([call.done, failed]);
    };
    return {
      ...{ rank, size, localRank: rank, localSize: size },
      allReduceSum: async (values) => {
        const all = await meet(values.slice()) as Float32Array[];
        for (const other of all) {
          if (other.length !== values.length) {
            throw new Error(`ranks bring ${all.map(({ length }) => length)} numbers to a sum`);
          }
        }
        for (let i = 0; i < values.length; i++) {
          let sum = all[0][i];
          for (let r = 1; r < size; r++) sum = Math.fround(sum + all[r][i]);
          values[i] = sum;
        }
      },
      broadcast: async (bytes, root = 0) => {
        const all = await meet(bytes.slice()) as Uint8Array[];
        if (all[root].length !== bytes.length) {
          throw new Error(`${all[root].length} bytes for ${bytes.length}`);
        }
        bytes.set(all[root]);
      },
      allGather: async (bytes) => {
        return (await meet(bytes.slice()) as Uint8Array[]).map((each) => each.slice());
      },
      barrier: async () => {
        await meet(null);
      },
      abort: (code) => {
        aborted ??= new Aborted(code);
        fail(aborted);
        throw aborted;
      },
      close: () => Promise.resolve(),
    };
  }
  return Array.from({ length: size }, (_, rank) => make(rank));
}

function open(): Call {
  let resolve!: Call["resolve"];
  const done = new Promise<unknown[]>((it) => resolve = it);
  return { given: [], done, resolve };
}

/** Runs a function as every rank at once; the error of a rank ends the others. */
export async function asRanks<T>(
  groups: readonly Group[],
  run: (group: Group) => Promise<T>,
): Promise<T[]> {
  const results = await Promise.allSettled(groups.map(async (group) => {
    try {
      return await run(group);
    } catch (error) {
      // Ends the others; what it throws itself says less.
      await Promise.resolve().then(() => group.abort(1)).catch(() => {});
      throw error;
    }
  }));
  const failed = results.find((each) => each.status === "rejected" && !isAborted(each.reason)) ??
    results.find((each) => each.status === "rejected");
  if (failed) throw (failed as PromiseRejectedResult).reason;
  return results.map((each) => (each as PromiseFulfilledResult<T>).value);
}

function isAborted(error: unknown): boolean {
  return error instanceof Aborted;
}
