import type { Config } from "../config/config.ts";

/** The keys of the configuration's DATASET section that choose the images. */
export type DatasetConfig = Omit<Config["DATASET"], "TEST">;

/** Told about what takes long and what goes wrong while a data set is loaded. */
export interface DatasetCallbacks {
  /** Told how many of how many parts are done, and what the parts are. */
  readonly onProgress?: (done: number, total: number, what: string) => void;
  /** Told what went wrong where that does not stop the loading. */
  readonly onWarning?: (message: string) => void;
}
