import { join } from "@std/path";
import { ioReason } from "../formats/io_reason.ts";

/** Names that torchvision's `ImageFolder` takes for images. */
const EXTENSION = /\.(jpe?g|png|ppm|bmp|pgm|tiff?|webp)$/i;

/** Image files by class. */
export interface ImageListing {
  /** Folder names, sorted. */
  readonly classes: readonly string[];
  /** Paths below the folder, class after class, sorted within each. */
  readonly paths: readonly string[];
  /** Class of each path. */
  readonly labels: Int32Array;
}

interface Entries {
  readonly files: string[];
  readonly folders: string[];
}

function read(folder: string): Entries {
  const entries: Entries = { files: [], folders: [] };
  try {
    for (const { name, isDirectory, isSymlink } of Deno.readDirSync(folder)) {
      if (name.startsWith(".")) continue;
      const isFolder = isSymlink ? Deno.statSync(join(folder, name)).isDirectory : isDirectory;
      (isFolder ? entries.folders : entries.files).push(name);
    }
  } catch (error) {
    throw new Error(`cannot read the folder ${folder}: ${ioReason(error)}`, { cause: error });
  }
  entries.files.sort();
  entries.folders.sort();
  return entries;
}

function* imagesBelow(root: string, path: string): Iterable<string> {
  const { files, folders } = read(join(root, path));
  for (const name of files) {
    if (EXTENSION.test(name)) yield join(path, name);
  }
  for (const name of folders) yield* imagesBelow(root, join(path, name));
}

/**
 * The images of `<folder>/<class>/*`. Source: torchvision's `ImageFolder`, which numbers the classes by their sorted
 * names and looks into folders within them; names that begin with a dot are passed over.
 *
 * @throws {Error} where the folder cannot be read or a class has no image
 */
export function listImages(folder: string): ImageListing {
  const classes = read(folder).folders;
  if (classes.length === 0) {
    throw new Error(`${folder} has no folders of images; it wants one for each class`);
  }
  const paths: string[] = [];
  const labels: number[] = [];
  for (const [label, name] of classes.entries()) {
    const before = paths.length;
    for (const path of imagesBelow(folder, name)) {
      paths.push(path);
      labels.push(label);
    }
    if (paths.length === before) {
      throw new Error(`${join(folder, name)} has no image; remove it or put some there`);
    }
  }
  return { classes, paths, labels: Int32Array.from(labels) };
}

/**
 * Numbers the classes of two listings alike: by all names that either has, sorted. Where both have the same names, as
 * they should, nothing changes. The names that one alone has are told, too.
 */
export function shareClasses(
  a: ImageListing,
  b: ImageListing,
): { a: ImageListing; b: ImageListing; onlyA: readonly string[]; onlyB: readonly string[] } {
  const classes = [...new Set([...a.classes, ...b.classes])].sort();
  const numbers = new Map(classes.map((name, number) => [name, number]));
  const renumber = ({ classes: names, paths, labels }: ImageListing): ImageListing => ({
    classes,
    paths,
    labels: labels.map((label) => numbers.get(names[label])!),
  });
  const without = (names: readonly string[], others: readonly string[]) => {
    const there = new Set(others);
    return names.filter((name) => !there.has(name));
  };
  return {
    a: renumber(a),
    b: renumber(b),
    onlyA: without(a.classes, b.classes),
    onlyB: without(b.classes, a.classes),
  };
}
