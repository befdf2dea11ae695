import { configToYaml, describeConfig } from "../config/format_config.ts";
import { loadConfig } from "../config/resolve_config.ts";
// What is registered is in the schema.
import "../optim/registry.ts";
import { checkNames } from "./check_config.ts";

/** Options of the `config` command. */
interface ConfigFlags {
  /** The configuration file. */
  readonly cfg?: string;
}

/**
 * Prints every key with its meaning, or, given a file or overrides, the whole configuration that they make.
 *
 * @returns the exit status
 * @throws ConfigError as `loadConfig()` does, UserError for a model or a data set that is not there
 */
export function config(flags: ConfigFlags, overrides: readonly string[]): number {
  const given = flags.cfg !== undefined || overrides.length > 0;
  console.log(given ? resolved(flags.cfg ?? null, overrides) : describeConfig());
  return 0;
}

function resolved(cfg: string | null, overrides: readonly string[]): string {
  const config = loadConfig(cfg, overrides);
  checkNames(config);
  return configToYaml(config).trimEnd();
}
