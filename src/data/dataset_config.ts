import type { Config } from "../config/config.ts";

/** The keys of the configuration's DATASET section that choose the images. */
export type DatasetConfig = Omit<Config["DATASET"], "TEST">;

/** Told about what takes long and what goes wrong while a data set is loaded. */
export interface DatasetCallbacks {
  /** Told how many of how many parts are done, and what the parts are. */
  readonly onProgress?: (done: number, total: number, what: string) => void;
  /** Told what was decided about the images, and why. */
  readonly onNote?: (message: string) => void;
  /** Told what went wrong where that does not stop the loading. */
  readonly onWarning?: (message: string) => void;
}

/** The splits that somebody wants; the others are not decoded and may be missing. */
export interface WantedSplits {
  /** The training images. */
  readonly train: boolean;
  /** The test images. */
  readonly test: boolean;
}

/** Training and test images. */
export const BOTH_SPLITS = { train: true, test: true } as const satisfies WantedSplits;
