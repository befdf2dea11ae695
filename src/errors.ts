/** What {@linkcode UserError} takes besides its message. */
export interface UserErrorOptions extends ErrorOptions {
  /** What to do about it, where that is more than the end of the message. */
  help?: string;
}

/**
 * Something that the user of a program can mend: a setting, a file, a machine. The message says what was given, what was
 * wanted and what to do, in one sentence; the command line prints it without a stack, as it does for no other error.
 */
export class UserError extends Error {
  /** The class's name. */
  override name = "UserError";
  /** What to do about it; empty where the message says it. */
  readonly help: string;

  /** Takes the message, and what is known besides. */
  constructor(message: string, { help = "", ...rest }: UserErrorOptions = {}) {
    super(message, rest);
    this.help = help;
  }
}

/** An error of the code in a module of the user's, with where it came from. */
export class ImportError extends UserError {
  /** `trace` is the stack of the module's own error. */
  constructor(message: string, readonly trace: string) {
    super(message);
  }
}
