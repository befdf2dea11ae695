import { join } from "node:path";
import type { ImageHeader } from "../decode/decode_job.ts";
import type { DecodePool } from "../decode/decode_pool.ts";

/** Most files that are looked at. */
const MOST_LOOKED_AT = 64;
/** Files that a worker gets at a time. */
const CHUNK = 8;

/** What some images of a folder say of themselves. */
interface ProbedImages {
  /** The headers of those that can be read. */
  readonly headers: readonly ImageHeader[];
  /** Those that cannot be read, and why. */
  readonly failures: readonly { readonly path: string; readonly reason: string }[];
}

/** Places that are spread evenly over `length`, and with them over the classes; always the same. */
export function spread(length: number, most = MOST_LOOKED_AT): number[] {
  const count = Math.min(length, most);
  return Array.from({ length: count }, (_, i) => Math.floor((i + 0.5) * length / count));
}

/** Reads the headers of some images, a spread sample of all; where none of those can be read, of all in their order. */
export async function probeImages(
  root: string,
  paths: readonly string[],
  pool: DecodePool,
): Promise<ProbedImages> {
  let found = await readHeaders(spread(paths.length).map((at) => join(root, paths[at])), pool);
  for (let at = 0; found.headers.length === 0 && at < paths.length; at += MOST_LOOKED_AT) {
    const part = paths.slice(at, at + MOST_LOOKED_AT).map((path) => join(root, path));
    const { headers, failures } = await readHeaders(part, pool);
    found = { headers, failures: at === 0 ? failures : [...found.failures, ...failures] };
  }
  return found;
}

async function readHeaders(looked: readonly string[], pool: DecodePool): Promise<ProbedImages> {
  const jobs = Array.from({ length: Math.ceil(looked.length / CHUNK) }, async (_, i) => {
    const part = looked.slice(i * CHUNK, (i + 1) * CHUNK);
    const { headers, failures } = await pool.run({
      form: "header",
      transform: { size: 1, resize: 1, cacheSide: 1, mean: [], std: [] },
      items: part.map((path) => ({ path, at: 0, position: 0, cached: null })),
      target: new SharedArrayBuffer(0),
      seed: 0,
      epoch: 0,
      cacheFolder: null,
      store: false,
    });
    return {
      headers,
      failures: failures.map(({ item, reason }) => ({ path: part[item], reason })),
    };
  });
  const parts = await Promise.all(jobs);
  return {
    headers: parts.flatMap(({ headers }) => headers),
    failures: parts.flatMap(({ failures }) => failures),
  };
}
