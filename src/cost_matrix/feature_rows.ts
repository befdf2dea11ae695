import type { Batch } from "../data/loading/batch.ts";
import type { Dataset } from "../data/image_dataset.ts";
import { UserError } from "../errors.ts";
import type { Group } from "../parallel/group.ts";
import type { FeatureShape } from "./check_features.ts";

/** More memory than a cost matrix should take. */
const MOST_BYTES = 2 ** 34;
/** Bytes that rank 0 gets of another rank at a time. */
const PIECE_BYTES = 2 ** 24;

/** Features by class, with their shape. */
export interface ClassFeatures {
  /** Row-major `[classes, samples, dims]`; of rank 0, and empty on the other ranks of a group. */
  readonly features: Float32Array;
  /** `[classes, samples, dims]`; with `features` an image gives as many samples as the map has pixels. */
  readonly shape: FeatureShape;
}

/** What a model says of a batch. */
export interface Found {
  /** Row-major `[images, perImage, dims]`. */
  readonly rows: Float32Array;
  /** Samples of an image. */
  readonly perImage: number;
  /** Numbers of a sample. */
  readonly dims: number;
}

/** Features on their way to their places: rank 0 has room for all, other ranks for those of their images. */
export class FeatureRows {
  /** Images of this process that are done. */
  done = 0;
  /** The place of each image among those of its class. */
  readonly #places: Int32Array;
  #size = { perImage: 0, dims: 0 };
  /** Of rank 0 all, of another those of its images. */
  #rows: Float32Array | null = null;

  /**
   * None yet.
   *
   * @param images as many of each class as there are `samples`
   * @param own images of this process
   */
  constructor(
    readonly images: Dataset,
    readonly samples: number,
    readonly own: number,
    readonly group: Group,
  ) {
    const { labels, length, classes } = images;
    const filled = new Int32Array(classes.length);
    this.#places = Int32Array.from({ length }, (_, i) => filled[labels[i]]++);
  }

  /** Takes over what a model says of a batch of this process. */
  add({ size, indices }: Batch, { rows, ...found }: Found): void {
    this.#size = found;
    const { each } = this;
    const own = this.#allocated();
    if (this.group.rank > 0) own.set(rows.subarray(0, size * each), this.done * each);
    else for (let i = 0; i < size; i++) this.#put(indices[i], rows, i);
    this.done += size;
  }

  /** All features, on rank 0, which gets those of the others a piece at a time. */
  async gather(): Promise<ClassFeatures> {
    const { group, images: { length, classes }, samples } = this;
    await this.#agreeOnSize();
    const { each } = this;
    const all = this.#allocated();
    const most = Math.max(1, Math.floor(PIECE_BYTES / (4 * each)));
    for (let rank = 1; rank < group.size; rank++) {
      const [from, to] = [rank, rank + 1].map((r) => Math.floor(length * r / group.size));
      for (let start = from; start < to; start += most) {
        const count = Math.min(most, to - start);
        const piece = group.rank === rank
          ? all.slice((start - from) * each, (start - from + count) * each)
          : new Float32Array(count * each);
        await group.broadcast(new Uint8Array(piece.buffer), rank);
        for (let i = 0; group.rank === 0 && i < count; i++) this.#put(start + i, piece, i);
      }
    }
    const { perImage, dims } = this.#size;
    const shape: FeatureShape = [classes.length, samples * perImage, dims];
    return { features: group.rank === 0 ? all : new Float32Array(), shape };
  }

  /** Numbers of an image. */
  private get each(): number {
    return this.#size.perImage * this.#size.dims;
  }

  /** Puts an image's rows, the i-th of some, to their place. */
  #put(position: number, rows: Float32Array, i: number): void {
    const { each } = this;
    const at = (this.images.labels[position] * this.samples + this.#places[position]) * each;
    this.#allocated().set(rows.subarray(i * each, (i + 1) * each), at);
  }

  /** A process without images learns the size of their rows from the others. */
  async #agreeOnSize(): Promise<void> {
    if (this.group.size === 1) return;
    const { perImage, dims } = this.#size;
    const own = Float32Array.of(perImage, dims);
    const all = await this.group.allGather(new Uint8Array(own.buffer));
    const sizes = all.map((bytes) => new Float32Array(bytes.slice().buffer));
    const [known] = sizes.filter(([found]) => found > 0);
    this.#size = { perImage: known[0], dims: known[1] };
  }

  #allocated(): Float32Array {
    const count = this.group.rank === 0 ? this.images.length : this.own;
    return this.#rows ??= allocate(count * this.each);
  }
}

function allocate(count: number): Float32Array {
  if (4 * count > MOST_BYTES) {
    throw new UserError(
      `the features take ${(4 * count / 1e9).toFixed(0)} GB; compare pooled features or logits ` +
        "(--source), or fewer images (--samples)",
    );
  }
  return new Float32Array(count);
}
