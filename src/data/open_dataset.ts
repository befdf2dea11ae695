import { checkOptions, type OptionNames } from "../options.ts";
import type { DatasetCallbacks } from "./dataset_config.ts";
import { type DatasetSplits, loadDataset } from "./load_dataset.ts";

/** What {@linkcode openDataset} may be told; the configuration's DATASET section has the same. */
export interface OpenDatasetOptions extends DatasetCallbacks {
  /** Folder of the data, or CIFAR's archive. Default: the usual place, which `deno task config` names. */
  root?: string;
  /** Train on the first so many images of each class; 0, the default, is all. */
  subset?: number;
  /** Take the last so many training images of each class as the test images, or below 1 that share of them; 0, the default, is none. */
  validation?: number;
  /** Worker threads that decode image files; 0 decodes in the main thread. Default 2. */
  numWorkers?: number;
  /** Rows and columns of images from files; 0, the default, is the usual. */
  imageSize?: number;
  /** Whether decoded images are kept in a packed cache. Default false. */
  cache?: boolean;
}

const OPTIONS: OptionNames<OpenDatasetOptions> = {
  ...{
    root: true,
    subset: true,
    validation: true,
    numWorkers: true,
    imageSize: true,
    cache: true,
    onProgress: true,
    onNote: true,
    onWarning: true,
  },
};

/**
 * Training and test images of a data set by its name: `fashion_mnist`, `cifar10`, `cifar100`, `imagenet`, `image_folder`, or
 * one that was registered.
 *
 * @throws UserError for a name that is not there, a subset or validation larger than a class, or files that cannot be read or
 * are damaged; TypeError for an unknown option.
 */
export async function openDataset(
  name: string,
  options: OpenDatasetOptions = {},
): Promise<DatasetSplits> {
  checkOptions("openDataset()", options, OPTIONS);
  const { onProgress, onNote, onWarning } = options;
  const config = {
    ...{ TYPE: name, ROOT: options.root ?? "", NUM_CLASSES: 0, PREFETCH: false },
    ...{ SUBSET: options.subset ?? 0, VALIDATION: options.validation ?? 0, SPLIT: "" },
    ...{ NUM_WORKERS: options.numWorkers ?? 2, IMAGE_SIZE: options.imageSize ?? 0, RESIZE: 0 },
    ...{ TRANSFORM: "auto" as const, NORMALIZE: "auto" as const, ON_CORRUPT: "error" as const },
    ...{ CACHE: options.cache ?? false, CACHE_DIR: "", CACHE_SIZE: 0 },
  };
  return await loadDataset(config, { onProgress, onNote, onWarning });
}
