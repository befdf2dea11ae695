import { join } from "node:path";
import { UserError } from "../../errors.ts";
import { ioReason } from "../../formats/io_reason.ts";
import { isFolder } from "../../formats/paths.ts";
import { shown } from "../../formats/visible.ts";

/** Names that torchvision's `ImageFolder` takes for images. */
const EXTENSION = /\.(jpe?g|png|ppm|bmp|pgm|tiff?|webp)$/i;
/** What macOS puts beside the files of other systems: attributes under the name of the image. */
const APPLE_DOUBLE = "._";
/** What stands in a name for bytes that are no UTF-8. */
const UNREADABLE = "\ufffd";

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
      // A link that leads nowhere or round in circles is taken for a file, as Python does.
      const leadsOn = isSymlink ? isFolder(join(folder, name)) : isDirectory;
      (leadsOn ? entries.folders : entries.files).push(name);
    }
  } catch (error) {
    throw new UserError(
      `cannot read the folder ${shown(folder, 400)}: ${fileReason(folder, error)}`,
      {
        cause: error,
      },
    );
  }
  entries.files.sort(pythonOrder);
  entries.folders.sort(pythonOrder);
  return entries;
}

/** What tells a folder from all others, whatever it is called. */
function identityOf(folder: string): string {
  const { dev, ino } = Deno.statSync(folder);
  return ino === null ? Deno.realPathSync(folder) : `${dev}:${ino}`;
}

/**
 * All folders from a path on with the files in them. A link to a folder that it lies in is not followed: Python goes
 * round until the system stops it.
 */
export function* foldersBelow(
  root: string,
  path: string,
  above: ReadonlySet<string> = new Set(),
): Iterable<{ path: string; files: readonly string[] }> {
  const { files, folders } = read(join(root, path));
  yield { path, files };
  if (folders.length === 0) return;
  const within = new Set([...above, identityOf(join(root, path))]);
  for (const name of folders) {
    const below = join(path, name);
    if (name.includes(UNREADABLE) || !within.has(identityOf(join(root, below)))) {
      yield* foldersBelow(root, below, within);
    }
  }
}

/**
 * Paths of the images in a folder and below it, sorted by folder.
 *
 * @param root the folder that the paths start from
 * @param path the folder that is looked through, below `root`; empty is `root` itself
 * @throws {UserError} where a folder cannot be read
 */
export function imagesBelow(root: string, path: string): string[] {
  const folders = [...foldersBelow(root, path)].sort((a, b) => pythonOrder(a.path, b.path));
  return folders.flatMap(({ path, files }) =>
    files
      .filter((name) => EXTENSION.test(name) && !name.startsWith(APPLE_DOUBLE))
      .map((name) => join(path, name))
  );
}

/** Whether a folder is none of a class although it lies among them. */
function isPassedOver(root: string, name: string): boolean {
  return name.startsWith(".") && imagesBelow(root, name).length === 0;
}

/** The classes that `listImages()` would number, whether they have images or not; none where the folder is not there. */
export function listClasses(folder: string): readonly string[] {
  if (!isFolder(folder)) return [];
  return read(folder).folders.filter((name) => !isPassedOver(folder, name));
}

/**
 * The images of `<folder>/<class>/*`. Source: torchvision's `ImageFolder`, which numbers the classes by their sorted
 * names and looks into folders within them. Passed over are folders that begin with a dot and have no image, such as
 * those of notebooks, and what macOS keeps beside its files.
 *
 * @throws {UserError} where the folder cannot be read or a class has no image
 */
export function listImages(folder: string): ImageListing {
  const found = read(folder).folders
    .map((name) => ({ name, images: imagesBelow(folder, name) }))
    .filter(({ name, images }) => images.length > 0 || !name.startsWith("."));
  if (found.length === 0) {
    throw new UserError(`${folder} has no folders of images; it wants one for each class`);
  }
  const empty = found.find(({ images }) => images.length === 0);
  if (empty) {
    throw new UserError(
      `${join(folder, shown(empty.name))} has no image; remove it or put some there`,
    );
  }
  return {
    classes: found.map(({ name }) => name),
    paths: found.flatMap(({ images }) => images),
    labels: Int32Array.from(found.flatMap(({ images }, label) => images.map(() => label))),
  };
}

/**
 * Numbers the classes of a listing by all names that it or another has, sorted. Where both have the same names, as they
 * should, nothing changes.
 */
export function numberedWith(listing: ImageListing, others: readonly string[]): ImageListing {
  const classes = [...new Set([...listing.classes, ...others])].sort(pythonOrder);
  const numbers = new Map(classes.map((name, number) => [name, number]));
  return {
    classes,
    paths: listing.paths,
    labels: listing.labels.map((label) => numbers.get(listing.classes[label])!),
  };
}

/**
 * Compares texts as Python sorts them: by code points, where JavaScript goes by halves of those beyond 65535.
 *
 * @returns less than 0 where `a` comes first
 */
export function pythonOrder(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return ranked(x) - ranked(y);
  }
  return a.length - b.length;
}

/** A half of a code point beyond 65535 comes behind all others. */
function ranked(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}

/** Why a file or folder could not be read, where its name or a link is to blame; null where neither is. */
function nameReason(path: string): string | null {
  if (path.includes(UNREADABLE)) {
    return `its name is not UTF-8 (the parts shown as ${UNREADABLE}), and Deno cannot open it; rename it`;
  }
  try {
    return `it is a link to ${shown(Deno.readLinkSync(path), 400)}, which is not there`;
  } catch {
    return null;
  }
}

/** Why a file or folder that was listed could not be read, in a few words. */
export function fileReason(path: string, error: unknown): string {
  const isMissing = error instanceof Deno.errors.NotFound;
  return (isMissing ? nameReason(path) : null) ?? ioReason(error);
}
