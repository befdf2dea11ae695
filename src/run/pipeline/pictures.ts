import { join } from "node:path";
import { KeyedRandom } from "../../data/random.ts";
import { DecodePool } from "../../data/decode/decode_pool.ts";
import { folderLayout } from "../../data/images/folder_layout.ts";
import { type ImageSplit, ofClasses, splitName } from "../../data/images/image_split.ts";
import { type ImageListing, listImages, numberedWith } from "../../data/images/list_images.ts";
import { probeImages } from "../../data/images/probe_images.ts";
import { shareOf } from "../../data/select.ts";
import { UserError } from "../../errors.ts";
import { shown } from "../../formats/visible.ts";

/** Files that a worker gets at a time. */
const CHUNK = 16;
/** Rows and columns that pictures are decoded to where only that they can be decoded is asked for. */
const SMALL = 8;
/** What tells the validation images' random numbers from others of the same seed. */
const STREAM = 0x5eed;

/** What a folder of pictures holds. */
export interface Pictures {
  /** The folder. */
  readonly root: string;
  /** Class names, sorted. */
  readonly classes: readonly string[];
  /** Pictures to train on that can be read, validation included where that is still to be taken from them. */
  readonly train: number;
  /** Pictures that can be read and that the folder itself holds out; 0 where it holds out none. */
  readonly test: number;
  /** Shorter side of half of the pictures that were looked at is at least this, in pixels. */
  readonly side: number;
  /** Pictures whose size was looked at. */
  readonly looked: number;
  /** Those that cannot be decoded, and why. */
  readonly unreadable: readonly { readonly name: string; readonly reason: string }[];
  /** Classes without a picture to train on, which do not count. */
  readonly untrained: readonly string[];
  /** Classes without a picture to be measured on. */
  readonly unmeasured: number;
  /** What is held out and left out. */
  readonly split: ImageSplit;
}

/** How pictures are looked at. */
interface LookOptions {
  /** Threads that decode. */
  readonly workers: number;
  /** Part of each class that is held out where the folder holds out nothing. */
  readonly share: number;
  /** Seed of which pictures that are. */
  readonly seed: number;
  /** Told how many of how many pictures were decoded. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Stops it. */
  readonly signal?: AbortSignal;
}

/**
 * Looks at all pictures of a folder: `<root>/<class>/*`, or `<root>/train/<class>/*` and `<root>/val/<class>/*` (or `test`).
 * Each is decoded once. Where the folder holds none out, a share of each class is chosen by the seed.
 *
 * @throws UserError where there are fewer than two classes, or no class has a picture to be measured on
 */
export async function lookAtPictures(root: string, options: LookOptions): Promise<Pictures> {
  const { train: folder, test } = folderLayout(root);
  const listings = [folder, ...(test === null ? [] : [test])]
    .map((name) => ({ folder: name, listing: listImages(join(root, name)) }));
  const pool = new DecodePool(options.workers);
  pool.acquire();
  try {
    const unreadable = await findUnreadable(root, listings, pool, options);
    const { headers } = await probeImages(
      join(root, folder),
      listings[0].listing.paths,
      pool,
    );
    const sides = headers.map(({ width, height }) => Math.min(width, height)).sort((a, b) => a - b);
    const left = new Set(unreadable.map(({ name }) => name));
    const all = numberedWith(listings[0].listing, listings.at(-1)!.listing.classes).classes;
    const readable = listings.map(({ folder, listing }) =>
      byClass(listing, folder, all).map((names) => names.filter((name) => !left.has(name)))
    );
    const [untrained, classes] = [true, false].map((isEmpty) =>
      all.filter((_, label) => readable[0][label].length === 0 === isEmpty)
    );
    const [own, others] = readable.map((names) =>
      names.filter((_, label) => readable[0][label].length > 0)
    );
    const validation = test === null ? choose(own, options) : [];
    const measured = others ?? own.map((names) => names.slice(1));
    checkClasses(root, classes, measured);
    return {
      root,
      classes,
      untrained,
      unmeasured: measured.filter(({ length }) => length === 0).length,
      train: own.flat().length,
      test: others?.flat().length ?? 0,
      side: sides[Math.floor(sides.length / 2)] ?? 0,
      looked: sides.length,
      unreadable,
      split: {
        validation,
        left_out: [...left].sort(),
        ...(untrained.length > 0 && { classes }),
      },
    };
  } finally {
    pool.release();
  }
}

/** How many pictures of a folder count, whether they can be read or not but for those that are left out. */
export function countPictures(root: string, { left_out, classes }: ImageSplit): number {
  const { train, test } = folderLayout(root);
  const left = new Set(left_out);
  return [train, ...(test === null ? [] : [test])].flatMap((folder) =>
    ofClasses(listImages(join(root, folder)), classes).paths
      .filter((path) => !left.has(splitName(folder, path)))
  ).length;
}

interface Folder {
  readonly folder: string;
  readonly listing: ImageListing;
}

/** Names of the pictures of each class. */
function byClass(
  listing: ImageListing,
  folder: string,
  classes: readonly string[],
): readonly string[][] {
  const { paths, labels } = numberedWith(listing, classes);
  const names = classes.map((): string[] => []);
  paths.forEach((path, i) => names[labels[i]].push(splitName(folder, path)));
  return names;
}

function checkClasses(
  root: string,
  classes: readonly string[],
  measured: readonly string[][],
): void {
  if (classes.length < 2) {
    const has = classes.length === 0
      ? "no class with a picture to train on"
      : `one class, ${shown(classes[0])}`;
    throw new UserError(
      `${root} has ${has}; a classifier wants a folder of pictures for each of two or more`,
    );
  }
  if (measured.some(({ length }) => length > 0)) return;
  throw new UserError(
    `${root} has no class with two pictures that can be read; one of a class trains, another measures`,
  );
}

/** A share of each class, in the order of their names; of a class with a single picture nothing. */
function choose(names: readonly string[][], { share, seed }: LookOptions): string[] {
  return names.flatMap((own, label) => {
    if (own.length < 2) return [];
    const random = new KeyedRandom(seed, label, STREAM);
    const left = [...own];
    const wanted = shareOf(share, own.length);
    return Array.from({ length: wanted }, () => left.splice(random.below(left.length), 1)[0]);
  }).sort();
}

async function findUnreadable(
  root: string,
  folders: readonly Folder[],
  pool: DecodePool,
  { onProgress, signal }: LookOptions,
): Promise<{ name: string; reason: string }[]> {
  const names = folders.flatMap(({ folder, listing }) =>
    listing.paths.map((path) => splitName(folder, path))
  );
  const found: { name: string; reason: string }[] = [];
  let done = 0;
  const look = async (first: number) => {
    const part = names.slice(first, first + CHUNK);
    const { failures } = await pool.run({
      form: "bytes",
      transform: { size: SMALL, resize: SMALL, cacheSide: SMALL, mean: [], std: [] },
      items: part.map((name, at) => ({ path: join(root, name), at, position: 0, cached: null })),
      target: new SharedArrayBuffer(part.length * 3 * SMALL * SMALL),
      seed: 0,
      epoch: 0,
      cacheFolder: null,
      store: false,
    });
    found.push(...failures.map(({ item, reason }) => ({ name: part[item], reason })));
    onProgress?.(done += part.length, names.length);
  };
  // A few parts for each thread: what is asked for can be stopped.
  const atOnce = 4 * Math.max(1, pool.workers);
  for (let first = 0; first < names.length; first += atOnce * CHUNK) {
    signal?.throwIfAborted();
    const starts = Array.from({ length: atOnce }, (_, i) => first + i * CHUNK);
    await Promise.all(starts.filter((start) => start < names.length).map(look));
  }
  return found.sort((a, b) => a.name < b.name ? -1 : 1);
}
