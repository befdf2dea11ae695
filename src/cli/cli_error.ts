/** A mistake of the user's: printed as one sentence, without a stack. */
export class CliError extends Error {
  /** Always `CliError`. */
  override name = "CliError";
}
