import { join } from "node:path";
import { writeFileAtomic } from "../../formats/atomic_write.ts";
import { ioReason } from "../../formats/io_reason.ts";
import { FileKindError, readRegularFile } from "../../formats/read_file.ts";
import type { CacheEntry } from "../decode/decode_job.ts";
import { checksum } from "./cache_fingerprint.ts";

/** 1 had no checksum of the index. */
const VERSION = 2;
/** File (1 and up; 0 is none), offset, width, height, checksum. */
const FIELDS = 5;
/** Bytes of an index beside its entries. */
const MOST_BYTES = 2 ** 24;
/** Images added between two writings of the index. */
const SAVE_EVERY = 20_000;

/** The first line of an index. */
interface Mark {
  readonly version: number;
  /** `checksum()` of all that stands behind the line. */
  readonly sum: number;
}

/** The second line; behind it stand the entries. */
interface Header {
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
    const trouble = cache.#load();
    if (trouble) {
      onWarning(
        `the index of the image cache ${folder} is ${trouble}; ${
          cache.writable ? "the cache is made anew" : "the images are decoded again"
        }`,
      );
    }
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
    const header: Header = { images, shards: this.#shards };
    const body = joined(line(header), new Uint8Array(this.#entries.buffer));
    const bytes = joined(line({ version: VERSION, sum: checksum(body) } satisfies Mark), body);
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

  /**
   * Reads the index; one that is missing or of no use counts as empty, and the images are decoded again.
   *
   * @returns what is wrong with one that is there; null where nothing is
   */
  #load(): string | null {
    let bytes: Uint8Array;
    try {
      bytes = readRegularFile(join(this.folder, "index"), MOST_BYTES + this.#entries.byteLength);
    } catch (error) {
      // Of a folder that cannot be used the lock has told.
      return error instanceof FileKindError ? `unreadable: ${error.message}` : null;
    }
    try {
      const [mark, body] = firstLine<Mark>(bytes);
      if (mark.version === 1) return "of an earlier version";
      // A copy begins at a multiple of four bytes, as the sum wants it.
      if (mark.version !== VERSION || checksum(body.slice()) !== mark.sum) return "damaged";
      const [header, entries] = firstLine<Header>(body);
      const isFit = header.images === this.#entries.length / FIELDS &&
        entries.length === this.#entries.byteLength;
      if (!isFit) return "one of other images";
      this.#entries.set(new Uint32Array(entries.slice().buffer));
      for (const shard of header.shards) this.#number(shard);
      return null;
    } catch {
      return "damaged";
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

/** A value as a line of JSON. */
function line(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value) + "\n");
}

/** The value of the first line, and what stands behind it. */
function firstLine<T>(bytes: Uint8Array): [T, Uint8Array] {
  const end = bytes.indexOf(10);
  return [JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))), bytes.subarray(end + 1)];
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
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
