import { ioReason } from "../../formats/io_reason.ts";
import { readRegularFile } from "../../formats/read_file.ts";
import { ImageAugmenter } from "../augment/image_augmenter.ts";
import { Resampler } from "../augment/resampler.ts";
import {
  cachePixels,
  evalPixels,
  PlaneWriter,
  trainPixels,
  writeBytes,
} from "../augment/transform_pixels.ts";
import { ShardFiles } from "../cache/shard_files.ts";
import { fileReason } from "../images/list_images.ts";
import { KeyedRandom } from "../random.ts";
import { openImage } from "./decode_image.ts";
import type { CacheEntry, DecodeItem, DecodeJob, DecodeResult, ImageHeader } from "./decode_job.ts";
import type { ImageFile } from "./formats/image_file.ts";
import { LargeImageTurns } from "./large_image_turns.ts";
import type { Pixels } from "./pixels.ts";

/** An image as a cache has it, as it was decoded, or that is still to be decoded. */
interface Loaded {
  readonly image: Pixels | ImageFile;
  readonly isCached: boolean;
  readonly isDeepGrey?: boolean;
}

/** Pixels of an image from which on it is decoded while no other of that size is, by any worker. */
const LARGE = 2 ** 24;
/** Largest file that is read, in bytes: more than any image has whose pixels are not too many. */
const LARGEST_FILE = 2 ** 31;

/** A {@linkcode DecodeResult} that is being made. */
interface Result extends DecodeResult {
  readonly failures: { item: number; reason: string }[];
  readonly stored: { item: number; entry: CacheEntry }[];
  readonly headers: ImageHeader[];
  deepGrey: number | null;
  cacheTrouble: string | null;
}

/** A job with what its images are written by. */
interface Work {
  readonly job: DecodeJob;
  readonly writer: PlaneWriter;
  readonly augmenter: ImageAugmenter | null;
}

function workOf(job: DecodeJob): Work {
  const { transform, augment } = job;
  const shape = { ...transform, channels: 3, height: transform.size, width: transform.size };
  const augmenter = augment ? new ImageAugmenter(augment, shape) : null;
  return { job, writer: new PlaneWriter(transform), augmenter };
}

function readImage(path: string): Uint8Array {
  return readRegularFile(path, LARGEST_FILE);
}

/** Does the jobs of one worker. What it makes of an image is a function of the job alone. */
export class Decoder {
  readonly #random = new KeyedRandom();
  readonly #resampler = new Resampler();
  readonly #shards = new Map<string, ShardFiles>();
  readonly #turns: LargeImageTurns;

  /**
   * Decodes nothing yet.
   *
   * @param name tells this worker's cache files from those of all other workers and runs
   * @param turns what all workers of a pool share, so that they decode large images one at a time
   */
  constructor(readonly name: string, turns: SharedArrayBuffer) {
    this.#turns = new LargeImageTurns(turns);
  }

  /** Decodes a job's images into its target. */
  async run(job: DecodeJob): Promise<DecodeResult> {
    const work = workOf(job);
    const result: Result = {
      ...{ failures: [], stored: [], headers: [], deepGrey: null, cacheTrouble: null },
    };
    if (job.form === "header") return await this.#readHeaders(job, result);
    let next: Promise<Loaded> | null = null;
    for (const [index, item] of job.items.entries()) {
      const current: Promise<Loaded> = next ?? this.#load(job, item);
      // The next image is decoded in a thread of the decoder's while this one is scaled in ours.
      const following = job.items[index + 1];
      next = following ? this.#load(job, following) : null;
      try {
        const { image, isCached, isDeepGrey } = await current;
        if (isDeepGrey) result.deepGrey ??= index;
        using _turn = "decode" in image ? await this.#turns.take() : null;
        const decoded = "decode" in image ? await image.decode() : image;
        const pixels = isCached ? decoded : this.#reduce(job, decoded);
        if (!isCached && job.store) this.#store(job, index, pixels, result);
        this.#write(work, item, pixels);
      } catch (error) {
        result.failures.push({ item: index, reason: fileReason(item.path, error) });
      }
    }
    return result;
  }

  /** Closes the cache's files. */
  close(): void {
    for (const files of this.#shards.values()) files.close();
    this.#shards.clear();
  }

  /** Of images that cannot be opened the reason is in the result. */
  async #readHeaders({ items }: DecodeJob, result: Result): Promise<DecodeResult> {
    for (const [index, { path }] of items.entries()) {
      try {
        const { kind, width, height, isDeepGrey } = await openImage(readImage(path));
        result.headers.push({ item: index, kind, width, height, isDeepGrey });
      } catch (error) {
        result.failures.push({ item: index, reason: fileReason(path, error) });
      }
    }
    return result;
  }

  /** Reads an image from the cache, or decodes it where it is not large. */
  #load({ cacheFolder }: DecodeJob, { path, bytes, cached }: DecodeItem): Promise<Loaded> {
    const load = async (): Promise<Loaded> => {
      const kept = cached && this.#files(cacheFolder!).read(cached);
      if (kept) return { image: kept, isCached: true };
      const file = await openImage(bytes ?? readImage(path));
      const isLarge = file.width * file.height >= LARGE;
      const { isDeepGrey } = file;
      return { image: isLarge ? file : await file.decode(), isCached: false, isDeepGrey };
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
    if (form !== "train") return evalPixels(pixels, transform, this.#resampler);
    return cacheFolder === null ? pixels : cachePixels(pixels, transform, this.#resampler);
  }

  #write(
    { job, writer, augmenter }: Work,
    { at, position }: DecodeItem,
    pixels: Pixels,
  ): void {
    const { form, transform, target, seed, epoch } = job;
    const { size, width = size, channels = 3 } = transform;
    const offset = at * channels * size * width;
    if (form === "bytes") return writeBytes(pixels, new Uint8Array(target), offset);
    if (form === "eval") return writer.write(pixels, false, new Float32Array(target), offset);
    this.#random.reset(seed, epoch, position);
    const cut = trainPixels(pixels, transform, this.#random, this.#resampler);
    const flip = this.#random.next() >= 2 ** 31;
    const planes = new Float32Array(target);
    if (augmenter?.canvas) {
      writeBytes(cut, augmenter.canvas.data, 0, flip);
      augmenter.write(this.#random, planes, offset);
    } else {
      writer.write(cut, flip, planes, offset);
    }
    augmenter?.erase(this.#random, planes, offset);
  }

  #files(folder: string): ShardFiles {
    let files = this.#shards.get(folder);
    if (!files) this.#shards.set(folder, files = new ShardFiles(folder, this.name));
    return files;
  }
}
