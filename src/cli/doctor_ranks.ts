import type { MpiGroup } from "../parallel/mpi_group.ts";
import type { TimeToSave } from "../parallel/time_to_save.ts";
import { gatherJson, rankTimeToSave, timeToSaveText } from "./rank_device.ts";

/** What the `doctor` command says of several ranks. */
export interface RanksReport {
  /** The MPI library, as it calls itself, and where it is. */
  readonly mpi: string;
  readonly library: string;
  /** Every rank, in order. */
  readonly ranks: readonly RankReport[];
  /** How long the ranks have after Ctrl-C; null where their launcher waits for them. */
  readonly timeToSave: TimeToSave | null;
  /** How long adding a buffer over all ranks takes. */
  readonly allReduce: readonly AllReduceTime[];
}

/** A rank as the `doctor` command tells of it. */
export interface RankReport {
  readonly host: string;
  readonly localRank: number;
  /** The adapter's name and kind; null where there is none. */
  readonly adapter: string | null;
  /** Billions of multiplications and additions a second, while all ranks were at it; null without an adapter. */
  readonly gflops: number | null;
  /** What is wrong with this rank. */
  readonly problems: readonly string[];
}

/** The median time of adding a buffer over all ranks. */
export interface AllReduceTime {
  readonly bytes: number;
  readonly milliseconds: number;
  /** Billions of the buffer's bytes a second. */
  readonly gbps: number;
}

/** Floats in a buffer, and how often it is added. */
const SIZES = [[2, 50], [2 ** 12, 30], [2 ** 18, 10], [2 ** 22, 4]] as const;

/** Has all ranks tell of themselves, and measures them together. All of them have to call it. */
export async function examineRanks(
  group: MpiGroup,
  own: Omit<RankReport, "host" | "localRank">,
): Promise<RanksReport> {
  const host = group.hosts[group.rank];
  const ranks = await gatherJson<RankReport>(group, { host, localRank: group.localRank, ...own });
  const allReduce: AllReduceTime[] = [];
  for (const [floats, times] of SIZES) {
    const values = new Float32Array(floats);
    await group.allReduceSum(values);
    const taken: number[] = [];
    for (let i = 0; i < times; i++) {
      await group.barrier();
      const start = performance.now();
      await group.allReduceSum(values);
      taken.push(performance.now() - start);
    }
    const milliseconds = taken.sort((a, b) => a - b)[times >> 1];
    allReduce.push({
      bytes: values.byteLength,
      milliseconds,
      gbps: values.byteLength / milliseconds / 1e6,
    });
  }
  const { version: mpi, path: library } = group.library;
  return { mpi, library, ranks, timeToSave: rankTimeToSave(), allReduce };
}

/** The report's lines, with titles of the same width as the other ones. */
export function describeRanks(
  { mpi, library, ranks, timeToSave, allReduce }: RanksReport,
): string[] {
  const hosts = new Set(ranks.map(({ host }) => host)).size;
  return [
    `ranks      ${ranks.length} on ${hosts} host${
      hosts === 1 ? "" : "s"
    }, joined by ${mpi} (${library})`,
    ...ranks.map(({ host, adapter, gflops }, rank) =>
      `           ${rank} on ${host}: ${adapter ?? "no adapter"}` +
      (gflops === null ? "" : `, ${gflops.toFixed(1)} GFLOP/s`)
    ),
    ...timeToSave ? [`Ctrl-C     ${timeToSaveText(timeToSave)}`] : [],
    ...allReduce.map(({ bytes, milliseconds, gbps }, i) =>
      `${i === 0 ? "all-reduce" : "          "} ${sizeText(bytes).padStart(6)} in ${
        milliseconds.toPrecision(3)
      } ms${bytes < 1024 ? "" : `, ${gbps.toPrecision(2)} GB/s`}`
    ),
  ];
}

function sizeText(bytes: number): string {
  if (bytes >= 2 ** 20) return `${bytes / 2 ** 20} MB`;
  return bytes >= 1024 ? `${bytes / 1024} KB` : `${bytes} B`;
}
