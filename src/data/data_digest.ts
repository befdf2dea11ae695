import { join } from "node:path";
import { checksum } from "./cache/cache_fingerprint.ts";
import { type Dataset, type DatasetFiles, isFileDataset } from "./image_dataset.ts";
import type { DatasetSplits } from "./load_dataset.ts";

/** Files asked for at a time. */
const AT_A_TIME = 256;
/** Runs of files that a digest tells apart: with more files than that, a change is known by its neighbourhood. */
const RUNS = 512;

/** The files that a split's images come from, in the order of the images; nothing of their contents is read. */
export interface SplitFacts {
  /** Images of the split. */
  readonly images: number;
  /** Paths below the data set's root, wherever that is. */
  readonly paths: readonly string[];
  /** Bytes of each, or what stands for the contents; -1 where it cannot be asked for. */
  readonly sizes: Float64Array;
  /** When each was changed, in milliseconds since 1970; 0 where that says nothing. */
  readonly times: Float64Array;
}

/** What a digest keeps of a split: checksums of runs of `run` files, 32 bits each, in base64. */
export interface SplitDigest {
  /** Images of the split. */
  readonly images: number;
  /** Their files. */
  readonly files: number;
  /** Files of a run. */
  readonly run: number;
  /** Of the paths. */
  readonly names: string;
  /** Of the sizes. */
  readonly sizes: string;
  /** Of the times. */
  readonly times: string;
}

/** One thing for each of the two splits. */
export type OfSplits<T> = Readonly<Record<"train" | "test", T>>;

/** Asks for the sizes and times of the files that a run's images come from; null for images that come from none. */
export async function dataFacts(
  { train, test }: DatasetSplits,
): Promise<OfSplits<SplitFacts | null>> {
  return { train: await splitFacts(train), test: await splitFacts(test) };
}

async function splitFacts(dataset: Dataset): Promise<SplitFacts | null> {
  const { length: images } = dataset;
  const files = filesOf(dataset);
  if (!files) return null;
  const { root, contents, ids } = files;
  const paths = ids ? Array.from(ids, (id) => files.paths[id]) : files.paths;
  const sizes = new Float64Array(paths.length).fill(contents ?? -1);
  const times = new Float64Array(paths.length);
  for (let at = 0; contents === undefined && at < paths.length; at += AT_A_TIME) {
    await Promise.all(
      paths.slice(at, at + AT_A_TIME).map(async (path, i) => {
        try {
          const { size, mtime } = await Deno.stat(join(root, path));
          [sizes[at + i], times[at + i]] = [size, mtime?.getTime() ?? 0];
        } catch {
          // A file that cannot be read is reported where it is decoded.
        }
      }),
    );
  }
  return { images, paths, sizes, times };
}

function filesOf(dataset: Dataset): DatasetFiles | undefined {
  if (!isFileDataset(dataset)) return dataset.files;
  const { source: { root, paths }, ids } = dataset;
  return { root, paths, ids };
}

/** @param run files of a run; default so many that there are at most 512 runs */
export function splitDigest(
  { images, paths, sizes, times }: SplitFacts,
  run = Math.max(1, Math.ceil(paths.length / RUNS)),
): SplitDigest {
  const encoder = new TextEncoder();
  const each = (bytes: (from: number, to: number) => Uint8Array) => {
    const count = Math.ceil(paths.length / run);
    const sums = Uint32Array.from(
      { length: count },
      (_, i) => checksum(bytes(i * run, (i + 1) * run)),
    );
    return new Uint8Array(sums.buffer).toBase64();
  };
  return {
    ...{ images, files: paths.length, run },
    names: each((from, to) => encoder.encode(paths.slice(from, to).join("\n"))),
    sizes: each((from, to) => new Uint8Array(sizes.slice(from, to).buffer)),
    times: each((from, to) => new Uint8Array(times.slice(from, to).buffer)),
  };
}

/** How a split's files differ from those of a digest. */
export interface SplitChange {
  /** The gravest difference: other files, other sizes, or other times alone. */
  readonly what: "names" | "sizes" | "times";
  /** Images that there were. */
  readonly before: number;
  /** Images that there are. */
  readonly now: number;
  /** The first file that differs, or behind which one is missing. */
  readonly first: string;
  /** Whether that is the file itself; else it is among as many files from there on as a run has. */
  readonly exact: boolean;
}

/**
 * Compares a split's files with a digest; null where they are the same.
 *
 * @throws {RangeError} where the digest is damaged
 */
export function splitChange(saved: SplitDigest, facts: SplitFacts): SplitChange | null {
  if (!(saved.run >= 1)) throw new RangeError(`a run has one file or more; got ${saved.run}`);
  const own = splitDigest(facts, saved.run);
  for (const what of ["names", "sizes", "times"] as const) {
    const at = firstDifference(saved[what], own[what]);
    if (at < 0) continue;
    const place = Math.min(at * saved.run, facts.paths.length - 1);
    return {
      ...{ what, before: saved.images, now: facts.images },
      first: facts.paths[place] ?? "",
      exact: saved.run === 1,
    };
  }
  return null;
}

/** Number of the first run whose checksums differ; -1 where none do. */
function firstDifference(a: string, b: string): number {
  if (a === b) return -1;
  const [x, y] = [a, b].map((text) => Uint8Array.fromBase64(text));
  const byte = x.findIndex((value, i) => value !== y[i]);
  return Math.floor((byte < 0 ? x.length : byte) / 4);
}
