import { UserError } from "../errors.ts";

/** What an environment variable says; undefined where it is not set. */
export type Environment = (variable: string) => string | undefined;

/** What a launcher told a process that it started. */
export interface Launch {
  /** The program that started the ranks, as errors name it. */
  readonly launcher: "Open MPI's mpirun" | "a launcher of MPICH's kind" | "srun" | "a launcher";
  /** The MPI that can join its ranks; null where both may. */
  readonly family: Family | null;
  /** This process among all; null where only MPI knows. */
  readonly rank: number | null;
  /** Number of processes; null where only MPI knows. */
  readonly size: number | null;
  /** This process among those of its host; null where only MPI knows. */
  readonly localRank: number | null;
}

/** Kinds of MPI whose launchers cannot start one another's ranks. */
export type Family = "Open MPI" | "MPICH";

/** The environment variables that are looked at; the tasks may read these. */
export const LAUNCHER_VARIABLES: readonly string[] = [
  "OMPI_COMM_WORLD_RANK",
  "OMPI_COMM_WORLD_SIZE",
  "OMPI_COMM_WORLD_LOCAL_RANK",
  "PMI_RANK",
  "PMI_SIZE",
  "PMIX_RANK",
  "MPI_LOCALRANKID",
  "SLURM_PROCID",
  "SLURM_STEP_ID",
  "SLURM_STEP_NUM_TASKS",
  "SLURM_LOCALID",
];

/**
 * What the launcher of this process told it in its environment; null where none started it.
 *
 * @throws UserError where `srun` started several processes and tied them by nothing that MPI understands
 */
export function readLaunch(env: Environment): Launch | null {
  const number = (...names: string[]) => {
    const text = names.map(env).find((value) => value !== undefined);
    return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
  };
  // A batch script has SLURM_PROCID too; only what srun started is a step.
  const step = number("SLURM_STEP_ID") !== null;
  const tasks = step ? number("SLURM_STEP_NUM_TASKS") : null;
  if (env("OMPI_COMM_WORLD_SIZE") !== undefined) {
    return {
      launcher: "Open MPI's mpirun",
      family: "Open MPI",
      rank: number("OMPI_COMM_WORLD_RANK"),
      size: number("OMPI_COMM_WORLD_SIZE"),
      localRank: number("OMPI_COMM_WORLD_LOCAL_RANK"),
    };
  }
  if (env("PMI_RANK") !== undefined) {
    return {
      launcher: step ? "srun" : "a launcher of MPICH's kind",
      family: "MPICH",
      rank: number("PMI_RANK"),
      size: number("PMI_SIZE"),
      localRank: number("MPI_LOCALRANKID", "SLURM_LOCALID"),
    };
  }
  if (env("PMIX_RANK") !== undefined) {
    return {
      launcher: step ? "srun" : "a launcher",
      family: null,
      rank: number("PMIX_RANK"),
      size: tasks,
      localRank: number("SLURM_LOCALID"),
    };
  }
  if (tasks !== null && tasks > 1) {
    throw new UserError(
      `srun started ${tasks} processes that MPI cannot join, since nothing ties them; start them with ` +
        "srun --mpi=pmix (Open MPI) or --mpi=pmi2 (MPICH); srun --mpi=list says what there is",
    );
  }
  return null;
}
