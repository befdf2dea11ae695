import type { ImageTransform } from "../augment/transform_pixels.ts";
import type { DecodePool } from "../decode/decode_pool.ts";

/** What happens where an image cannot be decoded: the run ends, or another image takes its place. */
type OnCorrupt = "error" | "skip";

/** Image files with the settings that they are read by. */
export interface ImageFiles {
  /** The folder that the paths start from. */
  readonly root: string;
  /** Path of each image below `root`. */
  readonly paths: readonly string[];
  /** Workers that decode. */
  readonly pool: DecodePool;
  /** Sizes and normalisation. */
  readonly transform: ImageTransform;
  /** What happens where an image cannot be decoded. */
  readonly onCorrupt: OnCorrupt;
  /** Folder of packed caches; null where images are decoded anew each time. */
  readonly cacheRoot: string | null;
  /** Told of images that cannot be decoded, and of a cache that cannot be written. */
  readonly onWarning: (message: string) => void;
}
