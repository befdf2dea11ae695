import { UserError } from "../errors.ts";
/** A file that is damaged or hostile, holds what is not read, or cannot be written; the message says what is wrong. */
export class FormatError extends UserError {
  /** Always `FormatError`. */
  override readonly name = "FormatError";
}

/** Something sound in a file that is not read here; what lies beside it can still be. */
export class UnreadError extends FormatError {
  /**
   * @param what what it is, such as `a sparse tensor`
   * @param reason why it is not read; default that it is not
   */
  constructor(readonly what: string, reason = `it holds ${what}, which is not read here`) {
    super(reason);
  }
}
