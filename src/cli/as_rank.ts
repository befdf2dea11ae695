import { UserError } from "../errors.ts";
import { environment } from "../formats/environment.ts";
import type { Group } from "../parallel/group.ts";
import { launchOf } from "../parallel/open_group.ts";
import { TrainingError } from "../train/training_error.ts";

/** Milliseconds in which rank 0 says itself what is wrong for all ranks. */
const OWN_WORDS_MS = 2500;
/** The same for what it first looks into. */
const BAD_LOSS_MS = 60_000;
/** The same where all ranks would say the same words. */
const UNHEARD_MS = 10_000;

/**
 * Runs what a rank does. What is wrong for all ranks, such as a missing file, rank 0 says alone, and ends them; what is wrong
 * for another rank only is thrown a little later.
 */
export async function asRank<T>({ rank }: Group, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (rank > 0 && error instanceof UserError) {
      const wait = error instanceof TrainingError ? BAD_LOSS_MS : OWN_WORDS_MS;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
    throw error;
  }
}

/** The commands that several processes do together. */
const OVER_RANKS: readonly string[] = ["train", "distill", "eval", "cost-matrix", "doctor"];

/**
 * Refuses to do several times at once what one process does.
 *
 * @throws UserError where a launcher started this as one of several processes, and the command is none of theirs
 */
export async function refuseRanks(command: string, env = environment): Promise<void> {
  if (OVER_RANKS.includes(command)) return;
  const launch = launchOf(env);
  if (!launch?.size || launch.size === 1) return;
  // Rank 0 speaks for all, and its end is theirs.
  if (launch.rank) await new Promise((resolve) => setTimeout(resolve, UNHEARD_MS));
  const { launcher, size } = launch;
  throw new UserError(
    `${command} runs in one process, and ${launcher} started ${size}; start it without. ` +
      `${OVER_RANKS.join(", ")} run over ranks; WKD_MPI=off has each process work by itself`,
  );
}
