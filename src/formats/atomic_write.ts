import { dirname } from "@std/path";
import { ioReason } from "./io_reason.ts";

/** A file that could not be written; the message names it and says why. */
export class WriteError extends Error {
  /** Always `WriteError`. */
  override readonly name = "WriteError";
}

let temporaries = 0;

function writeAndSync(path: string, bytes: Uint8Array): void {
  using file = Deno.openSync(path, { write: true, createNew: true });
  for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
  file.syncSync();
}

/** Makes the renaming last through a power cut, where the platform lets folders be synced. */
function syncFolder(path: string): void {
  try {
    using folder = Deno.openSync(path, { read: true });
    folder.syncSync();
  } catch {
    // Windows opens no folders, and some file systems sync none: the file itself is on the disk.
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // It was never made, or the disk is gone: the first error is the one to report.
  }
}

/**
 * Writes a file whole or not at all: into a temporary file beside it, flushed to the disk, then renamed over it, and
 * the folder flushed as well. A reader sees the old bytes or the new ones, and a failure leaves the old file as it was. Missing folders are made.
 *
 * @throws {WriteError} where the file cannot be written
 */
export function writeFileAtomic(path: string, content: Uint8Array | string): void {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const temporary = `${path}.${Deno.pid}-${++temporaries}.tmp`;
  try {
    Deno.mkdirSync(dirname(path), { recursive: true });
    writeAndSync(temporary, bytes);
    Deno.renameSync(temporary, path);
    syncFolder(dirname(path));
  } catch (error) {
    removeIfThere(temporary);
    throw new WriteError(`cannot write ${path}: ${ioReason(error)}`, { cause: error });
  }
}
