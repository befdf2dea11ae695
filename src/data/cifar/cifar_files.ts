import { basename, dirname, join } from "node:path";
import { UserError } from "../../errors.ts";
import { ioReason } from "../../formats/io_reason.ts";
import { FileKindError, openRegularFile, readRegularFile } from "../../formats/read_file.ts";
import type { WantedSplits } from "../dataset_config.ts";
import type { DatasetFiles } from "../image_dataset.ts";
import type { CifarKind, CifarLayout } from "./cifar_layout.ts";
import { readTar } from "./read_tar.ts";

/** The files of one version of CIFAR, wherever they are. */
export interface CifarFiles {
  /** The version. */
  readonly layout: CifarLayout;
  /** The bytes of a file by its name, and what to call it in errors. */
  readonly read: (name: string) => Promise<{ bytes: Uint8Array; path: string }>;
  /** What files by their names come from: themselves, or the archive. */
  readonly origin: (names: readonly string[]) => DatasetFiles;
}

/** Largest file that is read, in bytes; the largest that was published has 155 million. */
const LARGEST_FILE = 2 ** 28;
/** Bytes that an archive may hold in all. */
const LARGEST_ARCHIVE = 2 ** 30;
/** Bytes of an archive that are unpacked at a time. */
const CHUNK = 2 ** 16;

function kindOf(path: string): "file" | "folder" | "nothing" {
  try {
    return Deno.statSync(path).isDirectory ? "folder" : "file";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "nothing";
    throw new UserError(`cannot read ${path}: ${ioReason(error)}`);
  }
}

function inFolder(folder: string, layout: CifarLayout): CifarFiles {
  return {
    layout,
    origin: (paths) => ({ root: folder, paths }),
    read: (name) => {
      const path = join(folder, name);
      try {
        return Promise.resolve({ bytes: readRegularFile(path, LARGEST_FILE), path });
      } catch (error) {
        return Promise.reject(new UserError(`cannot read ${path}: ${ioReason(error)}`));
      }
    },
  };
}

/** The bytes of a gzip file, piece by piece, so that no more of it is unpacked than is asked for. */
async function* unpacked(path: string): AsyncGenerator<Uint8Array> {
  function* packed() {
    using file = openRegularFile(path);
    for (let at = 0; at < file.size; at += CHUNK) yield file.read(at, at + CHUNK);
  }
  const pieces = packed();
  // Opens it, so that what it is is told before anything is unpacked.
  const first = pieces.next();
  const stream = ReadableStream.from((function* () {
    if (!first.done) yield first.value;
    yield* pieces;
  })());
  try {
    yield* stream.pipeThrough(new DecompressionStream("gzip"));
  } catch {
    throw new UserError("it is not a whole .tar.gz archive");
  }
}

async function inArchive(
  archive: string,
  kind: CifarKind,
  wanted: WantedSplits,
): Promise<CifarFiles> {
  const known = new Set(
    kind.layouts.flatMap((layout) =>
      neededOf(layout, wanted).map((name) => `${layout.folder}/${name}`)
    ),
  );
  let files: Map<string, Uint8Array>;
  try {
    files = await readTar(unpacked(archive), {
      wanted: (path) => known.has(path),
      largestFile: LARGEST_FILE,
      largest: LARGEST_ARCHIVE,
    });
  } catch (error) {
    const advice = error instanceof FileKindError ? "" : "; fetch it again";
    throw new UserError(`cannot read ${archive}: ${ioReason(error)}${advice}`);
  }
  const layout = kind.layouts.find(({ folder, names }) => files.has(`${folder}/${names}`)) ??
    kind.layouts.find(({ folder }) => [...files.keys()].some((path) => path.startsWith(folder)));
  if (!layout) throw new UserError(`${archive} does not hold ${kind.title}`);
  return {
    layout,
    origin: () => ({ root: dirname(archive), paths: [basename(archive)] }),
    read: (name) => {
      const path = `${layout.folder}/${name}`;
      const bytes = files.get(path);
      if (!bytes) return Promise.reject(new UserError(`${archive} has no ${path}`));
      return Promise.resolve({ bytes, path: `${archive}: ${path}` });
    },
  };
}

/** The files that hold some splits and the names of the classes. */
function neededOf({ names, train, test }: CifarLayout, wanted: WantedSplits): string[] {
  return [names, ...(wanted.train ? train : []), ...(wanted.test ? test : [])];
}

/** Which files are wanted, and how to get them. */
interface CifarWish {
  /** The splits whose files must be there. */
  readonly wanted: WantedSplits;
  /** How to fetch them, for the error. */
  readonly download: string;
}

/** A folder that has files of a version of CIFAR. */
interface Found {
  readonly folder: string;
  readonly layout: CifarLayout;
  /** What is wanted and not there. */
  readonly missing: readonly string[];
}

/** Where there is at least one of the files, below a folder or in it. */
function foundIn(root: string, kind: CifarKind, wanted: WantedSplits): Found[] {
  return kind.layouts.flatMap((layout) =>
    [join(root, layout.folder), root].flatMap((folder) => {
      const isThere = (name: string) => kindOf(join(folder, name)) === "file";
      const { names, train, test } = layout;
      const missing = neededOf(layout, wanted).filter((name) => !isThere(name));
      const hasSome = folder !== root
        ? kindOf(folder) === "folder"
        : [names, ...train, ...test].some(isThere);
      return hasSome ? [{ folder, layout, missing }] : [];
    })
  );
}

/**
 * Finds the published files: in a folder of their name below `root`, in `root` itself, in an archive of the published
 * name below `root`, or in the archive that `root` is.
 *
 * @param root a folder or an archive
 * @throws {UserError} where there are none, or not all
 */
export async function findCifar(
  root: string,
  kind: CifarKind,
  { wanted, download }: CifarWish,
): Promise<CifarFiles> {
  if (kindOf(root) === "file") return await inArchive(root, kind, wanted);
  const found = foundIn(root, kind, wanted);
  const whole = found.find(({ missing }) => missing.length === 0);
  if (whole) return inFolder(whole.folder, whole.layout);
  for (const { archive } of kind.layouts) {
    const path = join(root, archive);
    if (kindOf(path) === "file") return await inArchive(path, kind, wanted);
  }
  if (found.length > 0) {
    const { folder, missing } = found[0];
    throw new UserError(
      `there is not all of ${kind.title} in ${folder}: ${missing.join(", ")} ${
        missing.length === 1 ? "is" : "are"
      } missing; fetch the archive with \`${download}\``,
    );
  }
  const [python, binary] = kind.layouts;
  throw new UserError(
    `there is no ${kind.title} in ${root}: it wants the folder ${python.folder} or ${binary.folder}, or the archive ` +
      `${python.archive} or ${binary.archive}; fetch it with \`${download}\`, or set DATASET.ROOT to the folder ` +
      "they are in or to the archive itself",
  );
}
