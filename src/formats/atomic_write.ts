import { dirname } from "node:path";
import { UserError } from "../errors.ts";
import { ioReason } from "./io_reason.ts";
import { removeIfThere } from "./paths.ts";
import { checkKind, FileKindError } from "./read_file.ts";

/** A file that could not be written; the message names it and says why. */
export class WriteError extends UserError {
  /** Always `WriteError`. */
  override readonly name = "WriteError";
}

/** What the name of a temporary file ends in, of this version or of an earlier one, which had the process id in it. */
const TEMPORARY = /\.(?:[0-9a-f]{8}|\d+-\d+)\.tmp$/;

/**
 * The file whose temporary file has that name, or null where it is no name of one: what a process that was killed in
 * {@linkcode writeFileAtomic} leaves.
 */
export function temporaryOf(name: string): string | null {
  return TEMPORARY.test(name) ? name.replace(TEMPORARY, "") : null;
}

/** A name beside the file that nobody else has, on whatever machine and with whatever process id. */
function temporaryName(path: string): string {
  return `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
}

/**
 * A file that is written part by part, whole or not at all: into a temporary file beside it, which takes its place with
 * {@linkcode AtomicFile.commit}. Missing folders are made.
 */
export class AtomicFile implements Disposable {
  readonly #temporary: string;
  #file: Deno.FsFile | null = null;

  /**
   * Opens the temporary file.
   *
   * @throws {WriteError} where it cannot be made, or something lies at the path that is no file
   */
  constructor(readonly path: string) {
    this.#temporary = temporaryName(path);
    checkTarget(path);
    this.#try(() => {
      Deno.mkdirSync(dirname(path), { recursive: true });
      this.#file = Deno.openSync(this.#temporary, { write: true, createNew: true });
    });
  }

  /** Writes behind what was written; throws {@linkcode WriteError} where the disk takes it not. */
  write(bytes: Uint8Array): void {
    this.#try(() => {
      for (let done = 0; done < bytes.length;) done += this.#file!.writeSync(bytes.subarray(done));
    });
  }

  /** Flushes it to the disk and renames it over the path, and flushes the folder as well. */
  commit(): void {
    this.#try(() => {
      this.#file!.syncSync();
      this.#close();
      Deno.renameSync(this.#temporary, this.path);
      syncFolder(dirname(this.path));
    });
  }

  /** Takes the temporary file away where it was not renamed. */
  [Symbol.dispose](): void {
    if (!this.#file) return;
    this.#close();
    removeIfThere(this.#temporary);
  }

  #close(): void {
    this.#file?.close();
    this.#file = null;
  }

  #try(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#close();
      // It may never have been made, or the disk is gone: the first error is the one to report.
      removeIfThere(this.#temporary);
      throw new WriteError(`cannot write ${this.path}: ${ioReason(error)}`, { cause: error });
    }
  }
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

/**
 * Refuses to write where something lies that is no file, such as a folder or a device, which a new file would take the place
 * of. What is not there yet can be written.
 *
 * @throws {WriteError} with what it is
 */
export function checkTarget(path: string): void {
  try {
    checkKind(Deno.statSync(path));
  } catch (error) {
    if (!(error instanceof FileKindError)) return;
    throw new WriteError(`cannot write ${path}: ${error.message}`, { cause: error });
  }
}

/**
 * Makes a folder and tries to write in it, so that a command fails before it computes anything.
 *
 * @throws {WriteError} naming the folder and the cause
 */
export function checkFolder(folder: string): void {
  try {
    Deno.mkdirSync(folder, { recursive: true });
    Deno.removeSync(Deno.makeTempFileSync({ dir: folder, prefix: ".writable-" }));
  } catch (error) {
    throw new WriteError(`cannot write to ${folder}: ${ioReason(error)}`, { cause: error });
  }
}

/**
 * Writes a file whole or not at all: into a temporary file beside it, flushed to the disk, then renamed over it, and
 * the folder flushed as well. A reader sees the old bytes or the new ones, and a failure leaves the old file as it was. Missing folders are made.
 *
 * @throws {WriteError} where the file cannot be written
 */
export function writeFileAtomic(path: string, content: Uint8Array | string): void {
  using file = new AtomicFile(path);
  file.write(typeof content === "string" ? new TextEncoder().encode(content) : content);
  file.commit();
}
