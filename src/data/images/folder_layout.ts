import { join } from "node:path";
import { UserError } from "../../errors.ts";
import { isFolder } from "../../formats/paths.ts";
import type { DatasetConfig, WantedSplits } from "../dataset_config.ts";
import { listClasses } from "./list_images.ts";

/** The folders that evaluation images may be in, the first that is there. */
export const TEST_FOLDERS = ["val", "test"];

/** Where the images of a folder lie. */
export interface Layout {
  /** The folder that DATASET.ROOT names. */
  readonly root: string;
  /** Folder of the training images below it: `train`, or empty where the classes lie in the root itself. */
  readonly train: string;
  /** Folder of the evaluation images; null where there is none. */
  readonly test: string | null;
}

/** How a folder of images is laid out, whatever is missing. */
export function folderLayout(root: string): Layout {
  const test = TEST_FOLDERS.find((name) => isFolder(join(root, name))) ?? null;
  const isFlat = !isFolder(join(root, "train")) && test === null && listClasses(root).length > 0;
  return { root, train: isFlat ? "" : "train", test };
}

/**
 * Where the images of a configuration lie.
 *
 * @param held whether the evaluation images are some of the training images
 * @throws {UserError} where a folder that is wanted is missing
 */
export function findRoot(
  { TYPE, ROOT }: DatasetConfig,
  wanted: WantedSplits,
  held: boolean,
): Layout {
  const root = ROOT;
  if (!root) {
    throw new UserError(
      `DATASET.TYPE ${TYPE} wants DATASET.ROOT, the folder that holds train/<class>/* and val/<class>/*`,
    );
  }
  const layout = folderLayout(root);
  const hasTrain = isFolder(join(root, layout.train));
  const missing = [
    ...((wanted.train || (wanted.test && held)) && !hasTrain ? ["train/<class>/*"] : []),
    ...(wanted.test && !held && layout.test === null ? ["val/<class>/* (or test)"] : []),
  ];
  if (missing.length > 0) {
    const what = isFolder(root) ? "is not a folder of images" : "is not there";
    const how = isFolder(root) && hasTrain && layout.test === null
      ? "set DATASET.ROOT, or DATASET.VALIDATION 0.1 to take a tenth of the training images"
      : "set DATASET.ROOT";
    throw new UserError(`${root} ${what}: it wants ${missing.join(" and ")} in it; ${how}`);
  }
  return layout;
}
