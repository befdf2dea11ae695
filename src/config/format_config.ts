import { visible } from "../formats/visible.ts";
import type { Config } from "./config.ts";
import { FIELDS, OWNERS } from "./fields.ts";
import { COMMON_SECTIONS } from "./schema.ts";

/** The value at a dotted key. */
export function valueAt(config: Config, key: string): boolean | number | string | number[] {
  let node: unknown = config;
  for (const part of key.split(".")) node = (node as Record<string, unknown>)[part];
  return node as boolean | number | string | number[];
}

/** A value as YAML writes it, on one line, without what a terminal would obey. */
export function formatValue(value: boolean | number | string | readonly number[]): string {
  if (typeof value === "string") return visible(JSON.stringify(value));
  return typeof value === "object" ? `[${value.join(", ")}]` : String(value);
}

/** Data sets that are kept in memory, for which the keys about image files say nothing. */
const IN_MEMORY = ["fashion_mnist", "cifar10", "cifar100"];

const OF_IMAGE_FILES = [
  "NUM_WORKERS",
  "NUM_CLASSES",
  "TRANSFORM",
  "IMAGE_SIZE",
  "RESIZE",
  "NORMALIZE",
  "ON_CORRUPT",
  "CACHE",
  "CACHE_DIR",
  "CACHE_SIZE",
].map((name) => `DATASET.${name}`);

const OF_TEACHERS = ["DISTILLER.TEACHER", "DISTILLER.TEACHER_CHECKPOINT"];

/**
 * The settings that matter to this run, those of every run and those of its distiller, as aligned text: one line per
 * section, one indented line per key.
 */
export function formatConfig(config: Config): string {
  const { DISTILLER, DATASET } = config;
  const active = new Set([...COMMON_SECTIONS, DISTILLER.TYPE]);
  const idle = new Set([
    ...(IN_MEMORY.includes(DATASET.TYPE) ? OF_IMAGE_FILES : []),
    ...(DISTILLER.TYPE === "NONE" ? OF_TEACHERS : []),
  ]);
  const read = (key: string) => {
    const owner = OWNERS.get(key);
    return !idle.has(key) && (!owner || valueAt(config, owner.key) === owner.name);
  };
  const keys = [...FIELDS.keys()].filter((key) => active.has(key.split(".")[0]) && read(key));
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
