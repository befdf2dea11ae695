import { libc } from "./dynamic_library.ts";
import type { Family } from "./launcher.ts";
import type { MpiThread } from "./mpi_thread.ts";

const SIGTERM = 15;
/** Milliseconds after SIGCONT in which the thread that calls MPI tells whether this process was stopped until then. */
const TOLD_MS = 150;

/**
 * Takes for SIGTERM what launchers send where they are asked to end a job. Open MPI's `mpirun` sends SIGCONT first, SIGTERM some
 * time later, and SIGKILL as long after that: a run that stops at the first has twice the time to save (`odls_base_default_fns.c`
 * of Open MPI 4 and of PRRTE 3). SIGUSR2 every launcher hands on and does nothing else; no SIGKILL follows it.
 */
export function heedLauncher(family: Family, thread: MpiThread): void {
  Deno.addSignalListener("SIGUSR2", terminate);
  if (family !== "Open MPI") return;
  Deno.addSignalListener("SIGCONT", async () => {
    const before = performance.now() - TOLD_MS;
    await new Promise((resolve) => setTimeout(resolve, TOLD_MS));
    // What was suspended goes on (fg, scontrol resume).
    if (thread.sleptAt < before) terminate();
  });
}

function terminate(): void {
  libc().kill(Deno.pid, SIGTERM);
}
