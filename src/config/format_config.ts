import { visible } from "../formats/visible.ts";
import type { Config } from "./config.ts";
import type { FieldValue } from "./field.ts";
import { FIELDS, isUsed } from "./keys.ts";
import { IMPORT } from "./schema.ts";

/** The value at a dotted key. */
export function valueAt(config: Config, key: string): FieldValue {
  let node: unknown = config;
  for (const part of key.split(".")) node = (node as Record<string, unknown>)[part];
  return node as FieldValue;
}

/** A value as YAML writes it, on one line, without what a terminal would obey. */
export function formatValue(value: FieldValue | readonly number[]): string {
  if (typeof value === "string") return visible(JSON.stringify(value));
  return typeof value === "object" ? `[${value.map(formatValue).join(", ")}]` : String(value);
}

/**
 * The settings that matter to this run, those of every run and those of its distiller, as aligned text: one line per
 * section, one indented line per key.
 */
export function formatConfig(config: Config): string {
  const chosen = (key: string) => valueAt(config, key);
  const keys = [...FIELDS.keys()].filter((key) =>
    isUsed(key, chosen) && !(key === IMPORT && config.EXPERIMENT.IMPORT.length === 0)
  );
  const short = (key: string) => key.slice(key.indexOf(".") + 1);
  const width = Math.max(...keys.map((key) => short(key).length));
  const lines: string[] = [];
  let section = "";
  for (const key of keys) {
    const name = key.split(".")[0];
    if (name !== section) lines.push(section = name);
    lines.push(`  ${short(key).padEnd(width)}  ${formatValue(valueAt(config, key))}`);
  }
  return lines.join("\n");
}
