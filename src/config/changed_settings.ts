import type { Config } from "./config.ts";
import { formatValue, valueAt } from "./format_config.ts";
import { FIELDS } from "./keys.ts";

/**
 * The settings in some sections that differ from their defaults, as `KEY: value` texts by key in alphabetical order. A key that
 * is added to the schema later changes nothing.
 *
 * @param sections first parts of the keys, such as `SOLVER`
 * @param without keys to leave out
 */
export function changedSettings(
  config: Config,
  sections: readonly string[],
  without: readonly string[] = [],
): Record<string, string> {
  const changed: [string, string][] = [];
  for (const [key, field] of FIELDS) {
    if (!sections.includes(key.split(".")[0]) || without.includes(key)) continue;
    const value = formatValue(valueAt(config, key));
    if (value !== formatValue(field.default)) changed.push([key, value]);
  }
  return Object.fromEntries(changed.sort(([a], [b]) => a < b ? -1 : 1));
}
