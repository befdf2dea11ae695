import type { AugmentOptions } from "../augment/image_augmenter.ts";
import type { ImageTransform } from "../augment/transform_pixels.ts";

/**
 * What a job makes of its images: `train` and `eval` are normalised float32 planes, cut at random or around the centre;
 * `bytes` are the planes of `eval` before they are normalised; `header` writes nothing and tells what the headers say.
 */
export type DecodeForm = "train" | "eval" | "bytes" | "header";

/** Where a packed cache keeps an image. */
export interface CacheEntry {
  /** Name of the file. */
  readonly shard: string;
  /** First byte. */
  readonly offset: number;
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** `checksum()` of the bytes. */
  readonly sum: number;
}

/** One image of a job. */
export interface DecodeItem {
  /** Its file. */
  readonly path: string;
  /** Its bytes, where it is no file. */
  readonly bytes?: Uint8Array;
  /** Place of the result in the target, counted in images. */
  readonly at: number;
  /** The image's key for random numbers. */
  readonly position: number;
  /** Where the cache has it; null where it has not. */
  readonly cached: CacheEntry | null;
}

/** Images that one worker decodes. */
export interface DecodeJob {
  /** What is made of them. */
  readonly form: DecodeForm;
  /** Sizes and normalisation. */
  readonly transform: ImageTransform;
  /** The images. */
  readonly items: readonly DecodeItem[];
  /** Receives [images, 3, size, size] as float32, or as bytes. */
  readonly target: SharedArrayBuffer;
  /** Seed of the random numbers. */
  readonly seed: number;
  /** Epoch of the random numbers. */
  readonly epoch: number;
  /** What images of the form `train` are varied by behind the crop and the mirror; default nothing. */
  readonly augment?: AugmentOptions;
  /** Folder of the packed cache; null where there is none. */
  readonly cacheFolder: string | null;
  /** Whether images that the cache has not are added to it. */
  readonly store: boolean;
}

/** An image that could not be decoded. */
interface DecodeFailure {
  /** Its place among the job's items. */
  readonly item: number;
  /** Why, in a few words. */
  readonly reason: string;
}

/** What the header of an image says. */
export interface ImageHeader {
  /** Its place among the job's items. */
  readonly item: number;
  /** What kind of file it is, such as `PNG`. */
  readonly kind: string;
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Whether it is grey of more than 8 bits. */
  readonly isDeepGrey: boolean;
}

/** What became of a job. */
export interface DecodeResult {
  /** Images that could not be decoded. */
  readonly failures: readonly DecodeFailure[];
  /** What was added to the cache, by place among the items. */
  readonly stored: readonly { readonly item: number; readonly entry: CacheEntry }[];
  /** What the headers say, for the form `header`; those that cannot be read are missing. */
  readonly headers: readonly ImageHeader[];
  /** Place of the first image that is grey of more than 8 bits; null where there is none. */
  readonly deepGrey: number | null;
  /** Why the cache could not be written, in a few words; null where nothing went wrong. */
  readonly cacheTrouble: string | null;
}
