import { join } from "node:path";
import { UserError } from "../../errors.ts";
import { shown, visible } from "../../formats/visible.ts";
import type { PackedCache } from "../cache/packed_cache.ts";
import type { AugmentOptions } from "../augment/image_augmenter.ts";
import type { FileDataset } from "../image_dataset.ts";
import type { DecodeForm, DecodeItem, DecodeResult } from "./decode_job.ts";

/** What {@linkcode FileDecoder.decode} makes of images. */
interface DecodeOptions {
  /** What is made of them. */
  readonly form: DecodeForm;
  /** Receives one image after the other. */
  readonly target: SharedArrayBuffer;
  /** Place in the target of the first image, counted in images; default 0. */
  readonly first?: number;
  /** Seed of the random numbers. */
  readonly seed: number;
  /** Epoch of the random numbers. */
  readonly epoch: number;
  /** Key of the random numbers for what is at a place of those asked for; default its position. */
  readonly key?: (place: number, position: number) => number;
  /** What images of the form `train` are varied by; default nothing. */
  readonly augment?: AugmentOptions;
  /** Whether the next image takes the place of one that cannot be decoded. */
  readonly replace: boolean;
  /** Images a worker gets at a time. */
  readonly chunk: number;
}

interface Failed {
  readonly place: number;
  readonly reason: string;
}

/** Longest path that is shown, in characters. */
const LONGEST_PATH = 400;
/** Corrupt images that are named; of more the number is told. */
const NAMED = 10;

/** Has images of a data set decoded by its workers, with a packed cache where there is one. */
export class FileDecoder {
  readonly #corrupt = new Set<number>();
  #told = 0;
  #toldDeepGrey = false;
  #cacheTrouble = false;

  /** Decodes nothing yet. */
  constructor(readonly dataset: FileDataset, readonly cache: PackedCache | null) {}

  /**
   * Decodes the images at some positions of the data set, in their order.
   *
   * @returns the position that each place was filled from; -1 where an image was left out
   * @throws {UserError} naming the file, where an image cannot be decoded and none may take its place
   */
  async decode(positions: Int32Array, options: DecodeOptions): Promise<Int32Array> {
    const filled = positions.slice();
    const count = Math.min(
      options.chunk,
      Math.max(1, Math.ceil(positions.length / Math.max(1, this.dataset.source.pool.workers))),
    );
    let places = Array.from(filled.keys());
    while (places.length > 0) {
      const jobs: Promise<Failed[]>[] = [];
      for (let i = 0; i < places.length; i += count) {
        jobs.push(this.#run(filled, places.slice(i, i + count), options));
      }
      const failed = (await allOrFirstError(jobs)).flat();
      for (const { place, reason } of failed) this.#report(filled[place], reason);
      places = failed.map(({ place }) => place);
      for (const place of places) filled[place] = options.replace ? this.#next(filled[place]) : -1;
      if (!options.replace) break;
    }
    return filled;
  }

  /** Writes the index of the cache, and tells how many images were left out that were not named. */
  save(): void {
    this.#sumUp();
    this.#try((cache) => cache.save());
  }

  /** Does what {@linkcode save} does and lets go of the cache. */
  close(): void {
    this.#sumUp();
    this.#try((cache) => cache.close());
  }

  async #run(filled: Int32Array, places: number[], options: DecodeOptions): Promise<Failed[]> {
    const { source, ids } = this.dataset;
    const items = places.map((place): DecodeItem => {
      const position = filled[place];
      const id = ids[position];
      return {
        path: join(source.root, source.paths[id]),
        at: (options.first ?? 0) + place,
        position: options.key?.(place, position) ?? position,
        cached: this.cache?.get(id) ?? null,
      };
    });
    const result = await source.pool.run({
      form: options.form,
      transform: source.transform,
      items,
      target: options.target,
      seed: options.seed,
      epoch: options.epoch,
      augment: options.augment,
      cacheFolder: this.cache?.folder ?? null,
      store: !this.#cacheTrouble && this.cache?.writable === true,
    });
    this.#keep(result, places.map((place) => ids[filled[place]]));
    if (result.deepGrey !== null) this.#tellDeepGrey(items[result.deepGrey].path);
    return result.failures.map(({ item, reason }) => ({ place: places[item], reason }));
  }

  #keep({ stored, cacheTrouble }: DecodeResult, ids: readonly number[]): void {
    for (const { item, entry } of stored) this.#try((cache) => cache.put(ids[item], entry));
    if (cacheTrouble !== null) this.#stopStoring(cacheTrouble);
  }

  #try(fn: (cache: PackedCache) => void): void {
    try {
      if (this.cache) fn(this.cache);
    } catch (error) {
      this.#stopStoring((error as Error).message);
    }
  }

  #stopStoring(reason: string): void {
    if (this.#cacheTrouble) return;
    this.#cacheTrouble = true;
    this.dataset.source.onWarning(`nothing more is added to the image cache: ${reason}`);
  }

  #report(position: number, reason: string): void {
    const { source, ids } = this.dataset;
    const path = shown(join(source.root, source.paths[ids[position]]), LONGEST_PATH);
    if (source.onCorrupt === "error") {
      throw new UserError(
        `cannot decode ${path}: ${
          visible(reason)
        }; repair or remove it, or set DATASET.ON_CORRUPT skip`,
      );
    }
    if (this.#corrupt.has(position)) return;
    this.#corrupt.add(position);
    if (this.#corrupt.size > NAMED) return;
    this.#told++;
    source.onWarning(`${path} is left out: ${visible(reason)}`);
  }

  #sumUp(): void {
    const more = this.#corrupt.size - this.#told;
    if (more === 0) return;
    this.#told += more;
    this.dataset.source.onWarning(
      `${more} more of the ${this.dataset.length} images of ${this.dataset.name} are left out, ` +
        `${this.#told} in all`,
    );
  }

  #tellDeepGrey(path: string): void {
    if (this.#toldDeepGrey) return;
    this.#toldDeepGrey = true;
    this.dataset.source.onWarning(
      `${this.dataset.name} has grey images of more than 8 bits, such as ${
        shown(path, LONGEST_PATH)
      }: ` +
        "as in Pillow and torchvision, all that is above 255 is white; make them 8 bits to keep their greys",
    );
  }

  /** The nearest position behind one that is not known to be corrupt. */
  #next(position: number): number {
    const { length, name } = this.dataset;
    if (this.#corrupt.size === length) throw new UserError(`no image of ${name} can be decoded`);
    let next = position;
    do next = (next + 1) % length; while (this.#corrupt.has(next));
    return next;
  }
}

/** All results; the first error only after every job has ended, so that none writes behind the caller's back. */
async function allOrFirstError<T>(jobs: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(jobs);
  return settled.map((each) => {
    if (each.status === "rejected") throw each.reason;
    return each.value;
  });
}
