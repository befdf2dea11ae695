/** A run that ended in an error, with what is to be said behind it: what the run leaves, and how to go on. */
export class FailedRun extends Error {
  /** Always `FailedRun`. */
  override readonly name = "FailedRun";

  /** `cause` is the error. */
  constructor(override readonly cause: unknown, readonly kept: string) {
    super("the run failed", { cause });
  }
}

/** What went wrong first, where cleaning up after it went wrong, too. */
export function firstError(error: unknown): unknown {
  return error instanceof SuppressedError ? firstError(error.suppressed) : error;
}
