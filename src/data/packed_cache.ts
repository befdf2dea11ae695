import { join } from "@std/path";
import { writeFileAtomic } from "../formats/atomic_write.ts";
import { ioReason } from "../formats/io_reason.ts";
import type { CacheEntry } from "./decode_job.ts";

const VERSION = 1;
/** File (1 and up; 0 is none), offset, width, height, checksum. */
const FIELDS = 5;
/** Images added between two writings of the index. */
const SAVE_EVERY = 20_000;

interface Header {
  readonly version: number;
  readonly images: number;
  readonly shards: readonly string[];
}

/** Which images a packed cache has and where: one folder of a few large files and their index. */
export class PackedCache {
  /** Whether images can be added; only one process at a time does. */
  readonly writable: boolean;
  readonly #entries: Uint32Array;
  readonly #shards: string[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #lock: Deno.FsFile | null;
  #unsaved = 0;

  private constructor(readonly folder: string, images: number, lock: Deno.FsFile | null) {
    this.writable = lock !== null;
    this.#lock = lock;
    this.#entries = new Uint32Array(images * FIELDS);
  }

  /**
   * Opens the cache of a folder, or begins one. Files that no index names, left by a run that was killed, are removed.
   *
   * @param images how many images it is for
   * @param onWarning told where it cannot be written
   */
  static open(folder: string, images: number, onWarning: (message: string) => void): PackedCache {
    const cache = new PackedCache(folder, images, takeLock(folder, onWarning));
    cache.#load();
    if (cache.writable) cache.#removeStray(onWarning);
    return cache;
  }

  /** How many images it has. */
  get size(): number {
    let count = 0;
    for (let at = 0; at < this.#entries.length; at += FIELDS) count += Math.sign(this.#entries[at]);
    return count;
  }

  /** Where an image is; null where it is not. */
  get(id: number): CacheEntry | null {
    const [number, offset, width, height, sum] = this.#entries.subarray(id * FIELDS);
    return number > 0 ? { shard: this.#shards[number - 1], offset, width, height, sum } : null;
  }

  /** Adds an image that a worker wrote. */
  put(id: number, { shard, offset, width, height, sum }: CacheEntry): void {
    this.#entries.set([this.#number(shard), offset, width, height, sum], id * FIELDS);
    if (++this.#unsaved >= SAVE_EVERY) this.save();
  }

  /** Writes the index, where something was added since. */
  save(): void {
    if (this.#unsaved === 0) return;
    const images = this.#entries.length / FIELDS;
    const header: Header = { version: VERSION, images, shards: this.#shards };
    const text = new TextEncoder().encode(JSON.stringify(header) + "\n");
    const entries = new Uint8Array(this.#entries.buffer);
    const bytes = new Uint8Array(text.length + entries.length);
    bytes.set(text);
    bytes.set(entries, text.length);
    writeFileAtomic(join(this.folder, "index"), bytes);
    this.#unsaved = 0;
  }

  /** Writes the index and lets other processes write. */
  close(): void {
    try {
      this.save();
    } finally {
      this.#lock?.close();
    }
  }

  #number(shard: string): number {
    let number = this.#numbers.get(shard);
    if (number === undefined) {
      number = this.#shards.push(shard);
      this.#numbers.set(shard, number);
    }
    return number;
  }

  /** Reads the index; one that is missing or damaged counts as empty. */
  #load(): void {
    try {
      const bytes = Deno.readFileSync(join(this.folder, "index"));
      const end = bytes.indexOf(10);
      const header: Header = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
      const entries = bytes.slice(end + 1);
      const images = this.#entries.length / FIELDS;
      if (header.version !== VERSION || header.images !== images) return;
      if (entries.length !== this.#entries.byteLength) return;
      const words = new Uint32Array(entries.buffer);
      for (let at = 0; at < words.length; at += FIELDS) {
        if (words[at] > header.shards.length) return;
      }
      this.#entries.set(words);
      for (const shard of header.shards) this.#number(shard);
    } catch {
      // The images will be decoded again.
    }
  }

  /** What cannot be removed is only in the way of the disk: its name is not used again. */
  #removeStray(onWarning: (message: string) => void): void {
    try {
      for (const { name } of Deno.readDirSync(this.folder)) {
        if (name.endsWith(".bin") && !this.#numbers.has(name)) {
          removeOrWarn(join(this.folder, name), onWarning);
        }
      }
    } catch (error) {
      onWarning(`the image cache ${this.folder} cannot be tidied up: ${ioReason(error)}`);
    }
  }
}

/** The lock of a cache's folder; null, with a warning, where another process has it or the folder cannot be written. */
function takeLock(folder: string, onWarning: (message: string) => void): Deno.FsFile | null {
  let lock: Deno.FsFile | null = null;
  try {
    Deno.mkdirSync(folder, { recursive: true });
    lock = Deno.openSync(join(folder, "lock"), { create: true, write: true });
    if (lock.tryLockSync(true)) return lock;
    onWarning(`another run is filling the image cache ${folder}; this one only reads it`);
  } catch (error) {
    onWarning(`the image cache ${folder} cannot be written: ${ioReason(error)}`);
  }
  lock?.close();
  return null;
}

function removeOrWarn(path: string, onWarning: (message: string) => void): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    onWarning(`${path}, left by a run that was killed, cannot be removed: ${ioReason(error)}`);
  }
}
