/** A file that is damaged or hostile, holds what is not read, or cannot be written; the message says what is wrong. */
export class FormatError extends Error {
  /** Always `FormatError`. */
  override readonly name = "FormatError";
}
