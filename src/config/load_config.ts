import { ioReason } from "../formats/io_reason.ts";
import { readRegularFile } from "../formats/read_file.ts";
import type { Config } from "./config.ts";
import { ConfigError } from "./config_error.ts";
import { resolveConfig } from "./resolve_config.ts";
import { decodeYaml, LONGEST_YAML } from "./yaml_text.ts";

/**
 * Reads a configuration file.
 *
 * @param path the YAML file; null for the defaults alone
 * @param overrides pairs of a dotted key and a YAML value that win over the file, as typed
 * @throws {ConfigError} where the file cannot be read, and as `resolveConfig()` does
 */
export function loadConfig(path: string | null, overrides: readonly string[] = []): Config {
  if (path === null) return resolveConfig("", "defaults", overrides);
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = readRegularFile(path, LONGEST_YAML);
  } catch (error) {
    throw new ConfigError(`cannot read the configuration ${path}: ${ioReason(error)}`);
  }
  return resolveConfig(decodeYaml(bytes, path), path, overrides);
}
