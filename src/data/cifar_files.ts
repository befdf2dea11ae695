import { basename, dirname, join } from "@std/path";
import { ioReason } from "../formats/io_reason.ts";
import type { CifarKind, CifarLayout } from "./cifar_layout.ts";
import type { DatasetFiles } from "./image_dataset.ts";
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

function kindOf(path: string): "file" | "folder" | "nothing" {
  try {
    return Deno.statSync(path).isDirectory ? "folder" : "file";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "nothing";
    throw new Error(`cannot read ${path}: ${ioReason(error)}`);
  }
}

function inFolder(folder: string, layout: CifarLayout): CifarFiles {
  return {
    layout,
    origin: (paths) => ({ root: folder, paths }),
    read: async (name) => {
      const path = join(folder, name);
      try {
        return { bytes: await Deno.readFile(path), path };
      } catch (error) {
        throw new Error(`cannot read ${path}: ${ioReason(error)}`);
      }
    },
  };
}

async function unpack(path: string): Promise<Uint8Array> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (error) {
    throw new Error(`cannot read ${path}: ${ioReason(error)}`);
  }
  try {
    const plain = file.readable.pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(plain).arrayBuffer());
  } catch {
    throw new Error(`${path} is not a whole .tar.gz archive; fetch it again`);
  }
}

async function inArchive(archive: string, kind: CifarKind): Promise<CifarFiles> {
  const folders = kind.layouts.map(({ folder }) => `${folder}/`);
  const plain = await unpack(archive);
  let files: Map<string, Uint8Array>;
  try {
    files = readTar(plain, (path) => folders.some((name) => path.startsWith(name)));
  } catch (error) {
    throw new Error(`${archive} cannot be read: ${(error as Error).message}; fetch it again`);
  }
  const layout = kind.layouts.find(({ folder, names }) => files.has(`${folder}/${names}`));
  if (!layout) throw new Error(`${archive} does not hold ${kind.title}`);
  return {
    layout,
    origin: () => ({ root: dirname(archive), paths: [basename(archive)] }),
    read: (name) => {
      const path = `${layout.folder}/${name}`;
      const bytes = files.get(path);
      if (!bytes) return Promise.reject(new Error(`${archive} has no ${path}`));
      return Promise.resolve({ bytes, path: `${archive}: ${path}` });
    },
  };
}

/**
 * Finds the published files: in a folder of their name below `root`, in `root` itself, in an archive of the published
 * name below `root`, or in the archive that `root` is.
 *
 * @param root a folder or an archive
 * @param download how to fetch it, for the error
 * @throws {Error} where there are none
 */
export async function findCifar(
  root: string,
  kind: CifarKind,
  download: string,
): Promise<CifarFiles> {
  if (kindOf(root) === "file") return await inArchive(root, kind);
  for (const layout of kind.layouts) {
    for (const folder of [join(root, layout.folder), root]) {
      if (kindOf(join(folder, layout.names)) === "file") return inFolder(folder, layout);
    }
  }
  for (const { archive } of kind.layouts) {
    const path = join(root, archive);
    if (kindOf(path) === "file") return await inArchive(path, kind);
  }
  const [python, binary] = kind.layouts;
  throw new Error(
    `there is no ${kind.title} in ${root}: it wants the folder ${python.folder} or ${binary.folder}, or the archive ` +
      `${python.archive} or ${binary.archive}; fetch it with \`${download}\`, or set DATASET.ROOT to the folder ` +
      "they are in or to the archive itself",
  );
}
