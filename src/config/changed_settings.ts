import { parse } from "@std/yaml";
import type { Config } from "./config.ts";
import { AUTO, configToYaml, defaultOf, formatValue, valueAt } from "./format_config.ts";
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
    if (value !== defaultOf(field) && value !== AUTO) changed.push([key, value]);
  }
  return Object.fromEntries(changed.sort(([a], [b]) => a < b ? -1 : 1));
}

/** Settings that are others than in a saved configuration (as YAML) that has them, as `SOLVER.SEED was 0 and is 1`. */
export function changedKeys(saved: string, config: Config, keys: readonly string[]): string[] {
  const before = savedSettings(saved);
  return keys.flatMap((key) => {
    const [was, is] = [savedValue(before, key), formatValue(valueAt(config, key))];
    return was === undefined || was === is ? [] : [`${key} was ${was} and is ${is}`];
  });
}

/**
 * Settings that are others than in a saved configuration (as YAML), as `LR: 0.3`. A key that it does not have is one only where
 * it is not at its default: older programs did what that says.
 */
export function changedLines(saved: string, config: Config): string[] {
  const before = savedSettings(saved);
  return [...FIELDS].flatMap(([key, field]) => {
    const was = savedValue(before, key) ?? defaultOf(field);
    const is = formatValue(valueAt(config, key));
    return was === is || is === AUTO ? [] : [`${key.split(".").at(-1)}: ${is}`];
  });
}

/**
 * Whether a text is what a run with a configuration has saved as its own: the same YAML, but for values that are `auto` there
 * and were settled in the run.
 */
export function isSavedConfig(saved: string, config: Config): boolean {
  const [before, now] = [saved, configToYaml(config)].map((yaml) => yaml.split("\n"));
  return before.length === now.length && now.every((line, i) => {
    if (line === before[i]) return true;
    return line.endsWith(`: ${AUTO}`) && before[i].startsWith(line.slice(0, -AUTO.length));
  });
}

/** The sections of a configuration that was saved as YAML; none where it cannot be read, so that nothing is known of it. */
export function savedSettings(yaml: string): Record<string, unknown> {
  try {
    return { ...parse(yaml, { schema: "core" }) as Record<string, unknown> };
  } catch {
    return {};
  }
}

/** A value of a parsed configuration as text; undefined where it has none. */
function savedValue(config: Record<string, unknown>, key: string): string | undefined {
  let node: unknown = config;
  for (const part of key.split(".")) node = (node as Record<string, unknown> | null)?.[part];
  return node === undefined ? undefined : formatValue(node as number | string);
}
