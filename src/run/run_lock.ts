import { join } from "@std/path";
import { asTyped } from "../config/typed_path.ts";
import { UserError } from "../errors.ts";
import { WriteError } from "../formats/atomic_write.ts";
import { granted } from "../formats/environment.ts";
import { ioReason } from "../formats/io_reason.ts";
import { fileInfo } from "../formats/paths.ts";
import { visible } from "../formats/visible.ts";

/** The file in a run's folder that is locked while a process writes there. */
const LOCK_FILE = ".lock";

/** How often to look again where the lock file was replaced between opening and locking it. */
const TRIES = 20;
const UNNAMED = "this machine";

/**
 * The right to write to a folder, which one process has at a time. It is the system's lock of an open file, so it ends with
 * its process, however that ends and whatever process gets its id later. The file's text says who has it.
 */
export class RunLock {
  readonly #path: string;
  #file: Deno.FsFile;
  /** Keeps the folder's number from being given to another while it is open; null where folders cannot be opened. */
  readonly #folder: Deno.FsFile | null;

  /**
   * Takes the lock.
   *
   * @param folder a folder that is there
   * @param warn hears where the file system has no locks; then nothing is locked
   * @throws UserError where another process has it, saying which
   * @throws WriteError where its file cannot be written
   */
  constructor(readonly folder: string, warn: (message: string) => void) {
    this.#path = join(folder, LOCK_FILE);
    this.#file = this.#take(warn);
    this.#folder = openFolder(folder);
  }

  /**
   * Makes sure that the folder is still the one that was locked, before something is written there.
   *
   * @throws WriteError where it was removed, moved or made anew
   * @throws UserError where another process writes there now
   */
  check(): void {
    if (sameFile(this.#path, this.#file)) return;
    if (!this.#folder || !sameFile(this.folder, this.#folder)) {
      throw new WriteError(
        `the run's folder ${
          asTyped(this.folder)
        } was removed or moved while the run was writing to it; nothing more can be saved there`,
      );
    }
    const again = this.#take(() => {});
    this.#file.close();
    this.#file = again;
  }

  /** Gives the lock back. */
  release(): void {
    try {
      if (sameFile(this.#path, this.#file)) Deno.removeSync(this.#path);
    } catch {
      // Windows removes no open file: it stays, and who comes next takes it over.
    }
    this.#file.close();
    this.#folder?.close();
  }

  #take(warn: (message: string) => void): Deno.FsFile {
    for (let i = 0; i < TRIES; i++) {
      const file = this.#open();
      const locked = lock(file);
      if (locked === null) {
        warn(
          `the file system of ${
            asTyped(this.folder)
          } has no locks; make sure yourself that no other process writes there`,
        );
      } else if (!locked) {
        const holder = read(this.#path);
        file.close();
        throw new UserError(
          `${
            asTyped(this.folder)
          } is being written to by ${holder}; wait until that ends, stop it, or choose another EXPERIMENT.NAME`,
        );
      }
      // Its last holder may have removed the file after it was opened here: then another one may lie there.
      if (!locked || sameFile(this.#path, file)) {
        this.#sign(file);
        return file;
      }
      file.close();
    }
    throw new WriteError(`cannot lock ${asTyped(this.#path)}: other processes keep replacing it`);
  }

  #open(): Deno.FsFile {
    try {
      return Deno.openSync(this.#path, { read: true, write: true, create: true });
    } catch (error) {
      throw new WriteError(`cannot write ${asTyped(this.#path)}: ${ioReason(error)}`, {
        cause: error,
      });
    }
  }

  #sign(file: Deno.FsFile): void {
    const text = `process ${Deno.pid} on ${hostName()} since ${new Date().toISOString()}\n`;
    try {
      file.truncateSync(0);
      file.seekSync(0, Deno.SeekMode.Start);
      file.writeSync(new TextEncoder().encode(text));
    } catch (error) {
      file.close();
      throw new WriteError(`cannot write ${asTyped(this.#path)}: ${ioReason(error)}`, {
        cause: error,
      });
    }
  }
}

/** Whether the file could be locked; null where its file system has no locks. */
function lock(file: Deno.FsFile): boolean | null {
  try {
    return file.tryLockSync(true);
  } catch {
    return null;
  }
}

/** Who holds the lock, as its file says. */
function read(path: string): string {
  try {
    const text = visible(Deno.readTextFileSync(path).trim());
    return /^process \d+ on .+ since \S+$/.test(text) ? text : "another process";
  } catch {
    // Windows lets nobody read a locked file.
    return "another process";
  }
}

function sameFile(path: string, file: Deno.FsFile): boolean {
  const [now, then] = [fileInfo(path), file.statSync()];
  if (!now) return false;
  return now.ino === then.ino && now.dev === then.dev;
}

function openFolder(path: string): Deno.FsFile | null {
  try {
    return Deno.openSync(path, { read: true });
  } catch {
    return null;
  }
}

/** The machine's name where it can be had without asking for a permission; a container's is in the file. */
function hostName(): string {
  try {
    if (granted({ name: "sys", kind: "hostname" })) return Deno.hostname();
    const path = "/etc/hostname";
    if (granted({ name: "read", path })) return Deno.readTextFileSync(path).trim() || UNNAMED;
  } catch {
    // Not every system has that file.
  }
  return UNNAMED;
}
