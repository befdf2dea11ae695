import { parse } from "@std/yaml";
import type { Config } from "../config/config.ts";
import { FIELDS } from "../config/keys.ts";
import { formatValue, valueAt } from "../config/format_config.ts";

/** Settings that are others than in a saved configuration (as YAML) that has them, as `SOLVER.SEED was 0 and is 1`. */
export function changedKeys(saved: string, config: Config, keys: readonly string[]): string[] {
  const before = parsed(saved);
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
  const before = parsed(saved);
  return [...FIELDS].flatMap(([key, field]) => {
    const was = savedValue(before, key) ?? formatValue(field.default);
    const is = formatValue(valueAt(config, key));
    return was === is ? [] : [`${key.split(".").at(-1)}: ${is}`];
  });
}

function parsed(yaml: string): unknown {
  try {
    return parse(yaml, { schema: "core" });
  } catch {
    // Nothing is known of it then; the numbers of images and steps still are.
    return null;
  }
}

/** A value of a parsed configuration as text; undefined where it has none. */
function savedValue(config: unknown, key: string): string | undefined {
  let node = config;
  for (const part of key.split(".")) node = (node as Record<string, unknown> | null)?.[part];
  return node === undefined ? undefined : formatValue(node as number | string);
}
