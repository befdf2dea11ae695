import { fromFileUrl } from "@std/path";
import type { Family } from "../../src/parallel/launcher.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

/** Where a launcher may be: where `sh setup.sh --mpi` puts MPICH, and on the PATH, where Debian has one by the name of each. */
const PROGRAMS = [`${ROOT}.mpi/bin/mpirun`, "mpirun.openmpi", "mpirun.mpich", "mpirun"];

/** The launchers of this machine, by the MPI that they belong to; none where it has none. */
export const launchers: ReadonlyMap<Family, string> = new Map(
  PROGRAMS.map((program) => [familyOf(program), program] as const)
    .filter((entry): entry is [Family, string] => entry[0] !== null).reverse(),
);

function familyOf(program: string): Family | null {
  try {
    const { stdout } = new Deno.Command(program, { args: ["--version"] }).outputSync();
    const text = new TextDecoder().decode(stdout);
    if (/open[ -]?mpi|openrte/i.test(text)) return "Open MPI";
    return /hydra|mpich/i.test(text) ? "MPICH" : null;
  } catch {
    return null;
  }
}

/** What a launcher and its ranks ended with. */
export interface Ended {
  readonly code: number;
  /** Standard output and error of all. */
  readonly text: string;
}

/** Starts `tests/parallel/rank_program.ts` as some ranks, each by way of `src/cli/rank.sh`, as the tasks do. */
export function startRanks(
  family: Family,
  ranks: number,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Deno.ChildProcess {
  const permissions = ["env", "read", "run", "sys"].map((name) => `--allow-${name}`);
  const program = [...permissions, "--no-check", "tests/parallel/rank_program.ts", ...words];
  const options = family === "Open MPI" ? ["--bind-to", "none", "--oversubscribe"] : [];
  return new Deno.Command(launchers.get(family)!, {
    args: [...options, "-n", `${ranks}`, "sh", "src/cli/rank.sh", "deno", "run", ...program],
    cwd: ROOT,
    env: {
      NO_COLOR: "1",
      OMPI_ALLOW_RUN_AS_ROOT: "1",
      OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
      // Whatever the user's files say.
      OMPI_MCA_odls_base_sigkill_timeout: "1",
      ...env,
    },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/**
 * Waits for the end of a launcher and of all that it started, which keep its output open.
 *
 * @param onLine is told every line of standard output
 */
export async function ended(
  launcher: Deno.ChildProcess,
  onLine: (line: string) => void = () => {},
): Promise<Ended> {
  const decoder = new TextDecoder();
  let out = "";
  const read = async () => {
    for await (const chunk of launcher.stdout) {
      const lines = (out + decoder.decode(chunk)).split("\n");
      lines.slice(out.split("\n").length - 1, -1).forEach(onLine);
      out = lines.join("\n");
    }
  };
  const [, errors, { code }] = await Promise.all([
    read(),
    new Response(launcher.stderr).text(),
    launcher.status,
  ]);
  return {
    code,
    text: (out + errors).replaceAll("\r", ""),
  };
}
