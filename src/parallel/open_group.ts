import { UserError } from "../errors.ts";
import { environment, granted } from "../formats/environment.ts";
import { ALONE, type Group } from "./group.ts";
import { INSTALL, isSwitchedOff, libraryNames } from "./find_library.ts";
import { type Environment, type Launch, readLaunch } from "./launcher.ts";
import type { MpiGroup } from "./mpi_group.ts";
import type { MpiLibrary } from "./mpi_library.ts";
import type { Opened } from "./mpi_thread.ts";

/** The group that this process has joined: MPI begins and ends once. */
let joined: MpiGroup | undefined;

/**
 * Joins the processes that a launcher (`mpirun`, `mpiexec`, `srun`) started beside this one; {@linkcode ALONE} where none did,
 * where it started but one, or where the environment variable `WKD_MPI` is `off`.
 *
 * @param env the environment; default this process's, as far as it may be read
 * @throws UserError where `--allow-ffi` is missing, or the launcher's MPI cannot be had
 */
export async function openGroup(env: Environment = environment): Promise<Group> {
  if (joined) return joined;
  const launch = launchOf(env);
  if (!launch || launch.size === 1) return ALONE;
  if (!granted({ name: "ffi" })) {
    throw new UserError(
      `${launch.launcher} started this as one of several ranks, and MPI wants the permission --allow-ffi; the tasks have ` +
        "it there (mpirun -n 2 deno task train), and WKD_MPI=off computes alone",
    );
  }
  const [{ MpiGroup }, { MpiThread }, { heedLauncher }] = await Promise.all([
    import("./mpi_group.ts"),
    import("./mpi_thread.ts"),
    import("./launcher_signals.ts"),
  ]);
  const library = await openLibrary(launch, env);
  const thread = new MpiThread();
  const opened = await thread.call({ kind: "open", path: library.path }) as Opened;
  requireWorld(opened, launch, library);
  const group = new MpiGroup(library, thread, opened);
  await group.meet({ host: opened.host, localRank: launch.localRank });
  joined = group;
  heedLauncher(library.family, thread);
  // Deno prints the error and ends, whereupon the launcher ends the others.
  globalThis.addEventListener("unhandledrejection", () => console.error(`${rankName()}:`));
  globalThis.addEventListener("error", () => console.error(`${rankName()}:`));
  return group;
}

/** The group that {@linkcode openGroup} joined; null where this process is alone. */
export function joinedGroup(): MpiGroup | null {
  return joined ?? null;
}

/**
 * Ends what this process has of a group before it ends itself: leaves it with the others where all is well or the user ended it,
 * and ends all of them where it failed.
 *
 * @param failed whether this process ends as none of the others may
 */
export async function leaveGroup(failed: boolean): Promise<void> {
  if (!joined || joined.closed) return;
  if (failed) joined.abort(1);
  await joined.close();
}

/** Which of several ranks this process is, such as `rank 1 of 4 on node7`; null where it is alone. */
export function rankName(env: Environment = environment): string | null {
  if (joined) {
    const { rank, size, hosts } = joined;
    return `rank ${rank} of ${size} on ${hosts[rank]}`;
  }
  try {
    const launch = launchOf(env);
    if (!launch || launch.rank === null || launch.size === 1) return null;
    return `rank ${launch.rank}${launch.size === null ? "" : ` of ${launch.size}`}`;
  } catch {
    return null;
  }
}

/**
 * What a launcher says; nothing but that there is one where only `WKD_MPI` says so, null where none started this process, or
 * `WKD_MPI` is `off`.
 *
 * @throws UserError as {@linkcode readLaunch} does
 */
export function launchOf(env: Environment): Launch | null {
  if (isSwitchedOff(env)) return null;
  const launch = readLaunch(env);
  if (launch || env("WKD_MPI") === undefined) return launch;
  return { launcher: "a launcher", family: null, rank: null, size: null, localRank: null };
}

/** The first library that can be loaded and is of the launcher's kind. */
async function openLibrary(launch: Launch, env: Environment): Promise<MpiLibrary> {
  const { MpiLibrary } = await import("./mpi_library.ts");
  const { dirname } = import.meta;
  const root = dirname?.endsWith("/src/parallel")
    ? dirname.slice(0, -"/src/parallel".length)
    : null;
  const names = libraryNames(launch, { env, root, isFile });
  const isNamed = env("WKD_MPI") !== undefined;
  let other: MpiLibrary | undefined;
  for (const name of names) {
    try {
      const library = new MpiLibrary(name);
      if (!launch.family || library.family === launch.family) return library;
      other ??= library;
    } catch (error) {
      if (isNamed && error instanceof UserError) throw error;
      if (isNamed) {
        throw new UserError(
          `WKD_MPI names ${name}, which cannot be loaded (${reason(error)}); ${INSTALL}`,
        );
      }
    }
  }
  if (other) throw anotherMpi(other, launch);
  throw new UserError(
    `${launch.launcher} started this as one of several ranks, and no MPI library is found for it (looked for ` +
      `${names.join(", ")}); ${INSTALL}`,
  );
}

function anotherMpi({ path, version }: MpiLibrary, { launcher }: Launch): UserError {
  return new UserError(
    `${launcher} started these ranks, and ${path} is ${version}, which cannot join them; use the mpirun of that MPI, or ` +
      "name the launcher's own library by WKD_MPI",
  );
}

/** @throws UserError where the ranks do not see one another, or threads may not call MPI */
function requireWorld({ size, threads }: Opened, launch: Launch, library: MpiLibrary): void {
  if (launch.size !== null && size !== launch.size) throw anotherMpi(library, launch);
  if (!threads) {
    throw new UserError(
      `${library.path} (${library.version}) lets only one thread call it, where MPI_THREAD_MULTIPLE is wanted; ${INSTALL}`,
    );
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
