import { join } from "node:path";
import type { CacheEntry } from "../decode/decode_job.ts";
import type { Pixels } from "../decode/pixels.ts";
import { checksum } from "./cache_fingerprint.ts";

/** Bytes after which the next file of a packed cache is begun. */
const SHARD_BYTES = 2 ** 30;
/** Files kept open for reading. */
const OPEN_FILES = 8;

function readFully(file: Deno.FsFile, offset: number, bytes: Uint8Array): boolean {
  file.seekSync(offset, Deno.SeekMode.Start);
  for (let done = 0; done < bytes.length;) {
    const count = file.readSync(bytes.subarray(done));
    if (count === null) return false;
    done += count;
  }
  return true;
}

/** The files of one folder of a packed cache, as one worker reads and extends them. */
export class ShardFiles {
  readonly #open = new Map<string, Deno.FsFile>();
  #writing: { file: Deno.FsFile; shard: string; size: number } | null = null;
  #written = 0;

  /** Opens nothing yet; `prefix` is the names of the files this worker makes. */
  constructor(readonly folder: string, readonly prefix: string) {}

  /** The image of an entry; null where its file is gone, cut short or damaged. */
  read({ shard, offset, width, height, sum }: CacheEntry): Pixels | null {
    try {
      const file = this.#reader(shard);
      const size = width * height * 3;
      if (offset + size > file.statSync().size) return null;
      const data = new Uint8Array(size);
      if (!readFully(file, offset, data) || checksum(data) !== sum) return null;
      return { data, width, height };
    } catch {
      return null;
    }
  }

  /**
   * Adds an image.
   *
   * @throws as Deno does, where the file cannot be written
   */
  append({ data, width, height }: Pixels): CacheEntry {
    if (this.#writing && this.#writing.size + data.length > SHARD_BYTES) this.#finish();
    this.#writing ??= this.#begin();
    const { file, shard, size: offset } = this.#writing;
    for (let done = 0; done < data.length;) done += file.writeSync(data.subarray(done));
    this.#writing.size += data.length;
    return { shard, offset, width, height, sum: checksum(data) };
  }

  /** Closes all files. */
  close(): void {
    this.#finish();
    for (const file of this.#open.values()) file.close();
    this.#open.clear();
  }

  #begin() {
    const shard = `${this.prefix}-${this.#written++}.bin`;
    const file = Deno.openSync(join(this.folder, shard), { write: true, createNew: true });
    return { file, shard, size: 0 };
  }

  #finish(): void {
    this.#writing?.file.close();
    this.#writing = null;
  }

  #reader(shard: string): Deno.FsFile {
    const open = this.#open.get(shard);
    if (open) return open;
    const file = Deno.openSync(join(this.folder, shard));
    this.#open.set(shard, file);
    const [oldest] = this.#open.keys();
    if (this.#open.size > OPEN_FILES) {
      this.#open.get(oldest)!.close();
      this.#open.delete(oldest);
    }
    return file;
  }
}
