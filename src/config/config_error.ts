import { UserError } from "../errors.ts";
/** A mistake in a configuration: the message names the source, the key and what was wanted. */
export class ConfigError extends UserError {
  /** Always `ConfigError`. */
  override readonly name = "ConfigError";
}
