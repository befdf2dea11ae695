import { UserError } from "../errors.ts";
import { TrainingError } from "../train/training_error.ts";

/** Milliseconds in which rank 0 says itself what is wrong for all ranks. */
const OWN_WORDS_MS = 2500;
/** The same for what it first looks into. */
const BAD_LOSS_MS = 60_000;

/**
 * Runs what a rank other than 0 does. What is wrong for all ranks, such as a missing file, rank 0 says, and ends them; what is
 * wrong for this one alone is thrown a little later.
 */
export async function asFollower<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof UserError) {
      const wait = error instanceof TrainingError ? BAD_LOSS_MS : OWN_WORDS_MS;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
    throw error;
  }
}
