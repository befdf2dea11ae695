import { configToYaml } from "../config/config_to_yaml.ts";
import { describeConfig } from "../config/describe_config.ts";
import { loadConfig } from "../config/load_config.ts";

/** Options of the `config` command. */
export interface ConfigFlags {
  /** The configuration file. */
  readonly cfg?: string;
}

/**
 * Prints every key with its meaning, or, given a file or overrides, the whole configuration that they make.
 *
 * @returns the exit status
 */
export function config(flags: ConfigFlags, overrides: readonly string[]): number {
  const resolved = flags.cfg !== undefined || overrides.length > 0
    ? configToYaml(loadConfig(flags.cfg ?? null, overrides)).trimEnd()
    : describeConfig();
  console.log(resolved);
  return 0;
}
