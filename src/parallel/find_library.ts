import { UserError } from "../errors.ts";
import type { Environment, Family, Launch } from "./launcher.ts";

/** How to get MPI, at the end of errors. */
export const INSTALL =
  "sh setup.sh --mpi installs one, and WKD_MPI=/path/of/libmpi.so names another";

/** Names of MPI's libraries, the standard interface first, by the MPI whose launcher started the ranks. */
const NAMES: Readonly<Record<Family, readonly string[]>> = {
  "MPICH": [
    "libmpi_abi.so.1",
    "libmpi_abi.so.0",
    "libmpi_abi.so",
    "libmpi.so.12",
    "libmpich.so.12",
  ],
  "Open MPI": ["libmpi_abi.so.1", "libmpi_abi.so.0", "libmpi.so.40", "libmpi.so.80", "libmpi.so"],
};

/** Where `sh setup.sh --mpi` puts MPICH, below the project's folder. */
export const LOCAL_MPI = ".mpi";

/** What {@linkcode libraryNames} goes by. */
interface Places {
  /** Values of environment variables: WKD_MPI, PATH. */
  readonly env: Environment;
  /** The project's folder; null where it is none of this machine. */
  readonly root: string | null;
  /** Whether there is a file. */
  readonly isFile: (path: string) => boolean;
}

/** Whether `WKD_MPI` says that a launcher is of no concern. */
export function isSwitchedOff(env: Environment): boolean {
  return env("WKD_MPI")?.toLowerCase() === "off";
}

/**
 * The MPI libraries to try in turn: the one that `WKD_MPI` names, else those beside the launcher's programs, else those the
 * system finds by name.
 *
 * @throws UserError where `WKD_MPI` names no file
 */
export function libraryNames(launch: Launch, { env, root, isFile }: Places): string[] {
  const named = env("WKD_MPI");
  if (named !== undefined) {
    if (named.includes("/") && !isFile(named)) {
      throw new UserError(
        `WKD_MPI names ${named}, which is no file; give the path of an MPI library, such as ` +
          "/usr/lib/x86_64-linux-gnu/libmpi.so.40, or leave it out",
      );
    }
    return [named];
  }
  const families: Family[] = launch.family ? [launch.family] : ["Open MPI", "MPICH"];
  const names = [...new Set(families.flatMap((family) => NAMES[family]))];
  const local = root === null ? [] : [`${root}/${LOCAL_MPI}/lib`];
  const near = (env("PATH") ?? "").split(":")
    .filter((folder) => isFile(`${folder}/mpirun`) || isFile(`${folder}/mpiexec`))
    .map((folder) => folder.replace(/\/s?bin\/*$/, "/lib"))
    .filter((folder) => folder !== "/usr/lib" && folder !== "/lib");
  const folders = [...near, ...local];
  const paths = folders.flatMap((folder) => names.map((name) => `${folder}/${name}`))
    .filter(isFile);
  return [...new Set([...paths, ...names])];
}
