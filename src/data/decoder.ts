import { ioReason } from "../formats/io_reason.ts";
import { decodeImage } from "./decode_image.ts";
import type { CacheEntry, DecodeItem, DecodeJob, DecodeResult } from "./decode_job.ts";
import type { Pixels } from "./pixels.ts";
import { KeyedRandom } from "./random.ts";
import { Resampler } from "./resampler.ts";
import { ShardFiles } from "./shard_files.ts";
import {
  cachePixels,
  evalPixels,
  PlaneWriter,
  trainPixels,
  writeBytes,
} from "./transform_pixels.ts";

/** An image, as a cache has it or as it was decoded. */
interface Loaded {
  readonly image: Pixels;
  readonly isCached: boolean;
}

/** A {@linkcode DecodeResult} that is being made. */
interface Result extends DecodeResult {
  readonly failures: { item: number; reason: string }[];
  readonly stored: { item: number; entry: CacheEntry }[];
  readonly sizes: { width: number; height: number }[];
  cacheTrouble: string | null;
}

/** Why an image could not be decoded, on one line. */
function reasonOf(error: unknown): string {
  return ioReason(error).split("\n")[0].replace(/^\w*Vips\w*: /, "").replace(/^Input /, "the ");
}

/** Does the jobs of one worker. What it makes of an image is a function of the job alone. */
export class Decoder {
  readonly #random = new KeyedRandom();
  readonly #resampler = new Resampler();
  readonly #shards = new Map<string, ShardFiles>();

  /** `name` tells this worker's cache files from those of all other workers and runs. */
  constructor(readonly name: string) {}

  /** Decodes a job's images into its target. */
  async run(job: DecodeJob): Promise<DecodeResult> {
    const work = { job, writer: new PlaneWriter(job.transform) };
    const result: Result = { failures: [], stored: [], sizes: [], cacheTrouble: null };
    let next: Promise<Loaded> | null = null;
    for (const [index, item] of job.items.entries()) {
      const current: Promise<Loaded> = next ?? this.#load(job, item);
      // The next image is decoded in a thread of the decoder's while this one is scaled in ours.
      const following = job.items[index + 1];
      next = following ? this.#load(job, following) : null;
      try {
        const { image, isCached } = await current;
        const pixels = isCached ? image : this.#reduce(job, image);
        if (!isCached && job.store) this.#store(job, index, pixels, result);
        if (job.form === "size") result.sizes.push({ width: pixels.width, height: pixels.height });
        else this.#write(work, item, pixels);
      } catch (error) {
        result.failures.push({ item: index, reason: reasonOf(error) });
      }
    }
    return result;
  }

  /** Closes the cache's files. */
  close(): void {
    for (const files of this.#shards.values()) files.close();
    this.#shards.clear();
  }

  /** Reads an image from the cache, or decodes it. */
  #load({ cacheFolder }: DecodeJob, { path, cached }: DecodeItem): Promise<Loaded> {
    const load = async (): Promise<Loaded> => {
      const kept = cached && this.#files(cacheFolder!).read(cached);
      if (kept) return { image: kept, isCached: true };
      return { image: await decodeImage(Deno.readFileSync(path)), isCached: false };
    };
    const loaded = load();
    // The error is told where the image is waited for, which can be later.
    loaded.catch(() => {});
    return loaded;
  }

  /** Adds an image to the cache, until that fails. */
  #store({ cacheFolder }: DecodeJob, item: number, pixels: Pixels, result: Result): void {
    if (result.cacheTrouble !== null) return;
    try {
      result.stored.push({ item, entry: this.#files(cacheFolder!).append(pixels) });
    } catch (error) {
      result.cacheTrouble = ioReason(error);
    }
  }

  /** The image as a cache keeps it. */
  #reduce({ form, transform, cacheFolder }: DecodeJob, pixels: Pixels): Pixels {
    if (form === "size") return pixels;
    if (form !== "train") return evalPixels(pixels, transform, this.#resampler);
    return cacheFolder === null ? pixels : cachePixels(pixels, transform, this.#resampler);
  }

  #write(
    { job, writer }: { job: DecodeJob; writer: PlaneWriter },
    { at, position }: DecodeItem,
    pixels: Pixels,
  ): void {
    const { form, transform, target, seed, epoch } = job;
    const offset = at * 3 * transform.size ** 2;
    if (form === "bytes") return writeBytes(pixels, new Uint8Array(target), offset);
    if (form === "eval") return writer.write(pixels, false, new Float32Array(target), offset);
    this.#random.reset(seed, epoch, position);
    const cut = trainPixels(pixels, transform, this.#random, this.#resampler);
    writer.write(cut, this.#random.next() >= 2 ** 31, new Float32Array(target), offset);
  }

  #files(folder: string): ShardFiles {
    let files = this.#shards.get(folder);
    if (!files) this.#shards.set(folder, files = new ShardFiles(folder, this.name));
    return files;
  }
}
