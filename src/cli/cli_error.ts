/** A mistake of the user's: printed as one sentence, without a stack. */
export class CliError extends Error {
  /** Always `CliError`. */
  override name = "CliError";
}

/** A run that ended in an error, with what is to be said behind it: what the run leaves, and how to go on. */
export class FailedRun extends Error {
  /** Always `FailedRun`. */
  override readonly name = "FailedRun";

  /** `cause` is the error. */
  constructor(override readonly cause: unknown, readonly kept: string) {
    super("the run failed", { cause });
  }
}

/** An error of the code in a module of the user's, with where it came from. */
export class ImportError extends CliError {
  /** `trace` is the stack of the module's own error. */
  constructor(message: string, readonly trace: string) {
    super(message);
  }
}
