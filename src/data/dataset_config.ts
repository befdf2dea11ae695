/** The keys of the configuration's DATASET section that choose the images; `deno task config` says more of each. */
export interface DatasetConfig {
  /** Name of the data set. */
  readonly TYPE: string;
  /** Folder of the data; empty is the data set's usual place. */
  readonly ROOT: string;
  /** Train on the first n images of each class; 0 is all. */
  readonly SUBSET: number;
  /** Take the last n training images of each class for evaluation, or that share of them; 0 is none. */
  readonly VALIDATION: number;
  /** File that says which images are held out or left out; empty is none. */
  readonly SPLIT: string;
  /** Worker threads that decode image files. */
  readonly NUM_WORKERS: number;
  /** Class count that is expected; 0 is any. */
  readonly NUM_CLASSES: number;
  /** How image files are cut and varied. */
  readonly TRANSFORM: "auto" | "imagenet" | "cifar";
  /** Rows and columns that the model sees; 0 is the usual. */
  readonly IMAGE_SIZE: number;
  /** Shorter side before the centre is cut out for evaluation; 0 is the usual. */
  readonly RESIZE: number;
  /** Whose mean and deviation images are normalised by. */
  readonly NORMALIZE: "auto" | "imagenet" | "cifar10" | "cifar100";
  /** What becomes of an image that cannot be decoded. */
  readonly ON_CORRUPT: "error" | "skip";
  /** Whether decoded images are kept in a packed cache. */
  readonly CACHE: boolean;
  /** Folder of that cache; empty is the usual. */
  readonly CACHE_DIR: string;
  /** Largest shorter side in it; 0 is RESIZE. */
  readonly CACHE_SIZE: number;
}

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
