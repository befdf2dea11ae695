import { UserError } from "../../errors.ts";
import { writeFileAtomic } from "../../formats/atomic_write.ts";
import { ioReason } from "../../formats/io_reason.ts";
import { readRegularFile } from "../../formats/read_file.ts";
import { listed } from "../../formats/visible.ts";
import type { ImageListing } from "./list_images.ts";

/** Bytes of the longest file that is read. */
const LONGEST = 2 ** 28;
/** Files that a warning names. */
const NAMED = 3;

/** Which images of a folder are what, as paths below `DATASET.ROOT` with `/` between folders; all others train. */
export interface ImageSplit {
  /** Those that are evaluated instead of val/ or test/; none leaves those to it. */
  readonly validation: readonly string[];
  /** Those that are not used, such as those that cannot be decoded. */
  readonly left_out: readonly string[];
  /** The classes that count, where some folders do not; missing where all do. */
  readonly classes?: readonly string[];
}

/**
 * Reads what `DATASET.SPLIT` names.
 *
 * @throws {UserError} where it cannot be read or is no such file
 */
export function readImageSplit(path: string): ImageSplit {
  let value: Partial<Record<keyof ImageSplit, unknown>> | null;
  try {
    value = JSON.parse(new TextDecoder().decode(readRegularFile(path, LONGEST)));
  } catch (error) {
    const reason = error instanceof SyntaxError ? "it is no JSON" : ioReason(error);
    throw new UserError(`cannot read the split ${path} (DATASET.SPLIT): ${reason}`);
  }
  const { validation = [], left_out = [], classes } = value ?? {};
  if (!isList(validation) || !isList(left_out) || !(classes === undefined || isList(classes))) {
    throw new UserError(
      `${path} (DATASET.SPLIT) is no split of images: it wants the lists "validation" and "left_out" of paths below DATASET.ROOT`,
    );
  }
  return { validation, left_out, ...(classes && { classes }) };
}

/** The images of a listing whose classes count. */
export function ofClasses(listing: ImageListing, classes?: readonly string[]): ImageListing {
  if (!classes) return listing;
  const kept = listing.classes.filter((name) => classes.includes(name));
  const numbers = listing.classes.map((name) => kept.indexOf(name));
  const chosen = choose(listing, (i) => numbers[listing.labels[i]] >= 0);
  return { ...chosen, classes: kept, labels: chosen.labels.map((label) => numbers[label]) };
}

function isList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

/** Writes a split where {@linkcode readImageSplit} reads it. */
export function writeImageSplit(path: string, split: ImageSplit): void {
  writeFileAtomic(path, `${JSON.stringify(split, null, 1)}\n`);
}

/**
 * The images of a listing that train, and those that a split holds out.
 *
 * @param folder the listing's folder below the root; empty for the root itself
 * @param warn told where files of the split are not there
 */
export function divide(
  listing: ImageListing,
  folder: string,
  { validation, left_out }: ImageSplit,
  warn: (message: string) => void = () => {},
): { train: ImageListing; validation: ImageListing } {
  const [held, out] = [new Set(validation), new Set(left_out)];
  const names = listing.paths.map((path) => splitName(folder, path));
  const there = new Set(names);
  const missing = validation.filter((name) => !there.has(name));
  if (missing.length > 0) {
    warn(
      `${missing.length} of the ${validation.length} images that DATASET.SPLIT holds out are not there: ${
        listed(missing, NAMED)
      }`,
    );
  }
  return {
    train: choose(listing, (i) => !held.has(names[i]) && !out.has(names[i])),
    validation: choose(listing, (i) => held.has(names[i]) && !out.has(names[i])),
  };
}

/** The name of a path of a listing in a split. */
export function splitName(folder: string, path: string): string {
  return (folder === "" ? path : `${folder}/${path}`).replaceAll("\\", "/");
}

function choose(
  { classes, paths, labels }: ImageListing,
  wanted: (at: number) => boolean,
): ImageListing {
  const places = [...paths.keys()].filter(wanted);
  return {
    classes,
    paths: places.map((at) => paths[at]),
    labels: Int32Array.from(places, (at) => labels[at]),
  };
}
