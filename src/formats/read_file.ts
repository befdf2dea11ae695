import { UserError } from "../errors.ts";
import { ioReason } from "./io_reason.ts";

/** What a path leads to where it is no file whose bytes can be read once and for all; the message says it in a few words. */
export class FileKindError extends UserError {
  /** Always `FileKindError`. */
  override readonly name = "FileKindError";
}

/** The parts of `Deno.FileInfo` that tell what a path leads to. */
type Kind = Pick<
  Deno.FileInfo,
  "isFile" | "isDirectory" | "isFifo" | "isSocket" | "isCharDevice" | "isBlockDevice"
>;

/**
 * Refuses what is no regular file, by name: a pipe waits for ever, a device may never end.
 *
 * @throws {FileKindError} such as `it is a pipe, not a file`
 */
export function checkKind(info: Kind): void {
  if (info.isFile) return;
  const kind = info.isDirectory
    ? "folder"
    : info.isFifo
    ? "pipe"
    : info.isSocket
    ? "socket"
    : info.isCharDevice || info.isBlockDevice
    ? "device"
    : "special file";
  throw new FileKindError(`it is a ${kind}, not a file`);
}

/** A file that is open for reading, whose size is that when it was opened. */
export class RegularFile implements Disposable {
  readonly #file: Deno.FsFile;

  /** Takes a file that {@linkcode openRegularFile} has checked. */
  constructor(file: Deno.FsFile, readonly size: number) {
    this.#file = file;
  }

  /**
   * Bytes from `begin` up to `end`, both from the start of the file; fewer where the file ends earlier.
   *
   * @throws {FileKindError} where they cannot be read, or there is not enough memory for them
   */
  read(begin = 0, end = this.size): Uint8Array<ArrayBuffer> {
    const bytes = room(Math.max(0, Math.min(end, this.size) - begin));
    try {
      this.#file.seekSync(begin, Deno.SeekMode.Start);
      return bytes.subarray(0, this.#fill(bytes));
    } catch (error) {
      throw new FileKindError(ioReason(error), { cause: error });
    }
  }

  /** Reads until the bytes are full or the file ends; returns how many there are. */
  #fill(bytes: Uint8Array): number {
    let done = 0;
    while (done < bytes.length) {
      const count = this.#file.readSync(bytes.subarray(done));
      if (count === null) break;
      done += count;
    }
    return done;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

function room(size: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(size);
  } catch {
    throw new FileKindError(`there is not enough memory for its ${size} bytes`);
  }
}

/**
 * Opens a file for reading, and nothing else: not a pipe, which waits for somebody who writes, nor a device or a socket.
 *
 * @throws {FileKindError} where the path leads to something else; Deno's errors where there is nothing or it may not be
 * read. `ioReason()` gives the reason of both in a few words.
 */
export function openRegularFile(path: string | URL): RegularFile {
  // Opening a pipe waits already, so that it is looked at before.
  checkKind(Deno.statSync(path));
  const file = Deno.openSync(path, { read: true });
  try {
    const info = file.statSync();
    checkKind(info);
    return new RegularFile(file, info.size);
  } catch (error) {
    file.close();
    throw error;
  }
}

/**
 * The bytes of a regular file: as many as it says it has, so that neither a pipe nor a device is waited for, and nothing
 * is allocated beyond them.
 *
 * @param maxBytes larger files are refused before anything of them is read
 * @throws {FileKindError} where the path leads to something else or the file is larger; Deno's errors where there is
 * nothing or it may not be read. `ioReason()` gives the reason of both in a few words.
 */
export function readRegularFile(path: string | URL, maxBytes = Infinity): Uint8Array<ArrayBuffer> {
  using file = openRegularFile(path);
  if (file.size > maxBytes) {
    throw new FileKindError(`it has ${file.size} bytes; at most ${maxBytes} are read`);
  }
  return file.read();
}
