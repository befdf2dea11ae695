import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { UserError } from "../../errors.ts";
import { ioReason } from "../../formats/io_reason.ts";
import type { PublishedArchive } from "../definition.ts";
import { type FetchPart, fetchPart } from "./fetch_part.ts";

/** How a file is fetched. */
export interface DownloadOptions {
  /** Where the whole file goes; what has arrived so far is beside it in `<path>.part`. */
  readonly path: string;
  /** Called with how many of how many bytes have arrived. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Stops when aborted; what has arrived is kept. */
  readonly signal?: AbortSignal;
  /** Milliseconds without a byte after which the server counts as lost; default 60,000. */
  readonly stallMs?: number;
  /** Milliseconds before the first new try, doubled for each one after it; default 1000. */
  readonly retryMs?: number;
}

/** How a download ended. */
type DownloadResult = "downloaded" | "already there" | "stopped";

/** Tries in a row that bring nothing new before it is given up. */
const TRIES = 4;

async function sizeOf(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw new UserError(`cannot read ${path}: ${ioReason(error)}`, { cause: error });
  }
}

/** Whether the whole file is there already. */
async function isThere(path: string, { size, md5 }: PublishedArchive): Promise<boolean> {
  const present = await sizeOf(path);
  if (present === 0) return false;
  if (present === size && await fileMd5(path) === md5) return true;
  throw new UserError(
    `${path} is there but is not the published file (${present} bytes, ${size} were published); ` +
      "move it away or choose another folder with --root",
  );
}

/** Waits, or returns early when aborted. */
function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done);
  });
}

/** Fetches until the part is whole; false when it was stopped. */
async function fetchAll(
  part: FetchPart,
  { signal, retryMs = 1000 }: DownloadOptions,
): Promise<boolean> {
  let failures = 0;
  // A server that cannot go on begins again: only more than ever before is progress.
  for (let most = await sizeOf(part.path); most < part.size;) {
    const trouble = await fetchPart(part);
    if (signal?.aborted) return false;
    const now = await sizeOf(part.path);
    if (now >= part.size) return true;
    failures = now > most ? 1 : failures + 1;
    most = Math.max(most, now);
    if (failures > TRIES) {
      const kept = now > 0
        ? `${now} of ${part.size} bytes are kept in ${part.path}, run the same command again to go on`
        : "try again later, or name a mirror with --url";
      throw new UserError(`${part.url} could not be fetched: ${trouble}; ${kept}`);
    }
    await pause(retryMs * 2 ** (failures - 1), signal);
  }
  return true;
}

/**
 * Fetches a published file, going on from what an earlier call left, and checks its length and MD5 before it gets its
 * name.
 *
 * @throws {UserError} where it cannot be fetched (what has arrived is kept), or is not what was published (it is removed)
 */
export async function download(
  archive: PublishedArchive,
  options: DownloadOptions,
): Promise<DownloadResult> {
  const { path, onProgress, signal, stallMs = 60_000 } = options;
  const { url, size, md5 } = archive;
  if (await isThere(path, archive)) return "already there";
  const partPath = `${path}.part`;
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    // More than was published cannot be a beginning of it.
    if (await sizeOf(partPath) > size) await Deno.remove(partPath);
  } catch (error) {
    throw new UserError(`cannot write to ${dirname(path)}: ${ioReason(error)}`, { cause: error });
  }
  if (!await fetchAll({ url, path: partPath, size, onProgress, signal, stallMs }, options)) {
    return "stopped";
  }
  const actual = await fileMd5(partPath);
  if (actual !== md5) {
    await Deno.remove(partPath);
    throw new UserError(
      `what ${url} sent is damaged: its MD5 is ${actual}, that of the published file is ${md5}; ` +
        "it was removed, run the same command again",
    );
  }
  await Deno.rename(partPath, path);
  return "downloaded";
}

/** MD5 of a file in hexadecimal digits, read in parts. */
async function fileMd5(path: string): Promise<string> {
  const hash = createHash("md5");
  const file = await Deno.open(path);
  for await (const part of file.readable) hash.update(part);
  return hash.digest("hex");
}
