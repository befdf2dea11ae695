import type { Environment } from "./launcher.ts";

/** The parameter of Open MPI up to 4 that says how long its `mpirun` waits between SIGCONT, SIGTERM and SIGKILL. */
export const KILL_TIMEOUT = "odls_base_sigkill_timeout";

/** What ranks have after Ctrl-C before their launcher kills them, behind the same step or not, saved or not. */
export interface TimeToSave {
  /** Seconds until SIGKILL. */
  readonly seconds: number;
  /** What sets them: an environment variable or a file; null where they are the launcher's own. */
  readonly from: string | null;
  /** What would give more, as the end of a sentence. */
  readonly remedy: string;
}

/** What {@linkcode timeToSave} goes by. */
interface Places {
  /** Values of environment variables: HOME, PATH, Open MPI's parameters. */
  readonly env: Environment;
  /** The text of a file; null where there is none, or none that may be read. */
  readonly read: (path: string) => string | null;
}

/**
 * How long Open MPI's `mpirun` lets ranks live after Ctrl-C; null under a launcher that waits for them, as MPICH's and Slurm's.
 * Open MPI 4 looks for its parameter in the environment, in the user's file and in the system's; 5 waits a quarter of a second
 * twice, whatever is set (PRRTE 3.0, `odls_base_default_fns.c`).
 *
 * @param version what the library calls itself, such as `Open MPI v4.1.4`
 */
export function timeToSave(version: string, { env, read }: Places): TimeToSave | null {
  if (env("OMPI_COMM_WORLD_SIZE") === undefined) return null;
  const [, major] = /Open MPI v?(\d+)/.exec(version) ?? [];
  if (Number(major) >= 5) {
    return {
      ...{ seconds: 0.5, from: null },
      remedy: "pkill -USR2 'mpirun|prterun' has them stop and save in their own time",
    };
  }
  const remedy =
    `sh setup.sh --mpi makes it 4 s, and mpirun --mca ${KILL_TIMEOUT} 10 makes it 20 s for once`;
  // It waits as long twice; a second is its own choice.
  const given = settings({ env, read }).find(({ value }) => Number(value) >= 0);
  return { seconds: 2 * Number(given?.value ?? 1), from: given?.from ?? null, remedy };
}

/** The places where the parameter is set, the one that counts first. */
function settings({ env, read }: Places): { value: string; from: string }[] {
  const variable = `OMPI_MCA_${KILL_TIMEOUT}`;
  const home = env("HOME");
  const near = (env("PATH") ?? "").split(":").filter((folder) => folder.endsWith("/bin"))
    .map((folder) => `${folder.slice(0, -"/bin".length)}/etc/openmpi-mca-params.conf`);
  const files = [
    ...home === undefined ? [] : [`${home}/.openmpi/mca-params.conf`],
    ...near,
    "/etc/openmpi/openmpi-mca-params.conf",
    "/etc/openmpi-x86_64/openmpi-mca-params.conf",
  ];
  const inEnvironment = env(variable);
  return [
    ...inEnvironment === undefined ? [] : [{ value: inEnvironment, from: variable }],
    ...files.flatMap((from) => {
      const lines = new RegExp(`^[ \\t]*${KILL_TIMEOUT}[ \\t]*=[ \\t]*(\\d+)`, "gm");
      const value = [...(read(from) ?? "").matchAll(lines)].at(-1)?.[1];
      return value === undefined ? [] : [{ value, from }];
    }),
  ];
}
