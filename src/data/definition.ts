import type { DatasetCallbacks, DatasetConfig, WantedSplits } from "./dataset_config.ts";
import type { DatasetInfo, ImageDataset } from "./image_dataset.ts";
import type { DatasetFacts } from "./preprocessing.ts";

/** A file as it was published. */
export interface PublishedArchive {
  /** Its address. */
  readonly url: string;
  /** Its name on the disk. */
  readonly file: string;
  /** Its length in bytes. */
  readonly size: number;
  /** MD5 of its bytes, in hexadecimal digits. */
  readonly md5: string;
}

/** What a data set's loader gives: both splits, or null for one that was not wanted. */
export interface DatasetParts<D extends DatasetInfo = ImageDataset> {
  /** The training images. */
  readonly train: D | null;
  /** The test images. */
  readonly test: D | null;
}

/** Everything about a data set of images in memory, or of others. */
export interface DatasetDefinition<D extends DatasetInfo = ImageDataset> {
  /** Its name as in `DATASET.TYPE`: letters, digits, `_` and `-`. */
  readonly name: string;
  /** What it is and where its images come from, in a sentence. */
  readonly doc: string;
  /**
   * Reads it. Images have bytes 0 to 255, which become `(byte / 255 - mean) / std` by the channel.
   *
   * @param config the keys of the DATASET section; SUBSET and VALIDATION are taken care of behind it
   * @param callbacks who is told what takes long or goes wrong
   * @param wanted the splits that are wanted; the other may be null
   * @throws {UserError} where its files cannot be read or are damaged
   */
  load(
    config: DatasetConfig,
    callbacks: DatasetCallbacks,
    wanted: WantedSplits,
  ): DatasetParts<D> | Promise<DatasetParts<D>>;
  /**
   * Whether all images are kept in memory, so that the keys about image files (`DATASET.NUM_WORKERS`, `DATASET.RESIZE`
   * and so on) say nothing; default true.
   */
  readonly inMemory?: boolean;
  /** What `data download` fetches; default nothing. */
  readonly archive?: PublishedArchive;
  /** What is known of its images without reading any; default nothing. */
  facts?(config: DatasetConfig): DatasetFacts;
  /** Family of the models that are for its images; default by their height: `cifar` up to 64 pixels, else `imagenet`. */
  readonly models?: "cifar" | "imagenet";
  /** Whether there are test images where a configuration says; default there are. */
  hasTest?(config: DatasetConfig): boolean;
  /** What `cost-matrix` compares of its images by linear CKA; default `features`. */
  readonly costSource?: "features" | "pooled" | "logits";
  /** Where else than in `checkpoints/<name>` a teacher's weights may lie; default nowhere. */
  teacherPlaces?(teacher: string): readonly string[];
  /** Which published file a missing teacher may be, or null; default null. */
  publishedTeacher?(teacher: string): string | null;
}
