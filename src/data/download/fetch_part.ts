import { UserError } from "../../errors.ts";
import { ioReason } from "../../formats/io_reason.ts";

/** A file that is being fetched. */
export interface FetchPart {
  /** Where it comes from. */
  readonly url: string;
  /** What has arrived so far. */
  readonly path: string;
  /** Bytes of the whole file. */
  readonly size: number;
  /** Called with how many of how many bytes have arrived. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Stops when aborted. */
  readonly signal?: AbortSignal;
  /** Milliseconds without a byte after which the server counts as lost. */
  readonly stallMs: number;
}

/** Trouble that another try cannot mend. */
class Hopeless extends Error {
  // Printed as one sentence, like any other mistake that is not the program's.
  override readonly name = "Error";
}

/** A server's answer: its body and the byte that the body starts at. */
interface Answer {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly start: number;
}

function isHttps(url: string): boolean {
  return new URL(url).protocol === "https:";
}

async function ask(part: FetchPart, from: number, signal: AbortSignal): Promise<Answer> {
  const { url, size } = part;
  const headers: Record<string, string> = { "accept-encoding": "identity" };
  if (from > 0) headers.range = `bytes=${from}-`;
  const response = await fetch(url, { headers, signal });
  const { status, body } = response;
  if (isHttps(url) && !isHttps(response.url)) {
    await body?.cancel();
    throw new Hopeless(
      `${url} leads to ${response.url}, which is not https; name a mirror with --url`,
    );
  }
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get("content-range") ?? "");
  const start = status === 206 && range ? Number(range[1]) : 0;
  const length = response.headers.get("content-length");
  const total = status === 206 ? range?.[2] ?? null : length;
  if (status !== 200 && status !== 206) {
    await body?.cancel();
    const text = `${url} cannot be fetched: the server answered ${status} ${response.statusText}`;
    // Server errors pass; the others will be the same next time.
    if (status >= 500 || status === 429) throw new UserError(`the server answered ${status}`);
    throw new Hopeless(`${text.trimEnd()}; name a mirror with --url`);
  }
  if (total !== null && total !== "*" && Number(total) !== size) {
    await body?.cancel();
    throw new Hopeless(
      `${url} has ${total} bytes, but the published file has ${size}; name another mirror with --url`,
    );
  }
  if (!body) throw new UserError("the server sent nothing");
  if (start !== 0 && start !== from) {
    await body.cancel();
    throw new UserError(`the server went on at byte ${start} instead of ${from}`);
  }
  return { body, start };
}

function openAt(path: string, start: number): Deno.FsFile {
  const file = Deno.openSync(path, { write: true, create: true });
  // A server that cannot go on sends the file from its beginning.
  file.truncateSync(start);
  file.seekSync(start, Deno.SeekMode.Start);
  return file;
}

function write(file: Deno.FsFile, path: string, bytes: Uint8Array): void {
  try {
    for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
  } catch (error) {
    throw new Hopeless(`cannot write ${path}: ${ioReason(error)}`);
  }
}

/**
 * Asks once for what is missing and writes what comes.
 *
 * @returns why it ended before the whole file was there, in a few words; null where it did not
 * @throws {UserError} where another try cannot help
 */
export async function fetchPart(part: FetchPart): Promise<string | null> {
  const { path, size, onProgress, signal, stallMs } = part;
  const stop = new AbortController();
  const stopAll = () => stop.abort();
  signal?.addEventListener("abort", stopAll);
  if (signal?.aborted) stopAll();
  let timer = setTimeout(stopAll, stallMs);
  let file: Deno.FsFile | null = null;
  try {
    const { body, start } = await ask(part, sizeSync(path), stop.signal);
    file = openAt(path, start);
    let done = start;
    for await (const bytes of body) {
      clearTimeout(timer);
      timer = setTimeout(stopAll, stallMs);
      if (done + bytes.length > size) {
        throw new Hopeless(`${part.url} sent more than the ${size} bytes that were published`);
      }
      write(file, path, bytes);
      done += bytes.length;
      onProgress?.(done, size);
    }
    return done < size ? "the connection ended early" : null;
  } catch (error) {
    if (error instanceof Hopeless || error instanceof Deno.errors.NotCapable) throw error;
    if (stop.signal.aborted) return signal?.aborted ? "stopped" : `no answer for ${stallMs} ms`;
    const { message, cause } = error as Error;
    return cause instanceof Error ? cause.message : message;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stopAll);
    file?.close();
  }
}

function sizeSync(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0;
  }
}
