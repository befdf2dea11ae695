import { UserError } from "../errors.ts";
import type { Group } from "../parallel/group.ts";
import { TrainingError } from "../train/training_error.ts";

/** Milliseconds in which rank 0 says itself what is wrong for all ranks. */
const OWN_WORDS_MS = 2500;
/** The same for what it first looks into. */
const BAD_LOSS_MS = 60_000;

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
