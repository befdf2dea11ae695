import type { Config } from "../../src/config/config.ts";
import { loadConfig as load, resolveConfig as resolve } from "../../src/config/resolve_config.ts";
import "../../src/data/registry.ts";
import "../../src/distill/registry.ts";
import "../../src/optim/registry.ts";

/** The distillers' sections too, whose types their own files alone know. */
export type WithSections = Config & Readonly<Record<Name, Values>>;

type Name = "AT" | "KD" | "KDSVD" | "NST" | "OFD" | "PKT" | "SP" | "WKD";

// deno-lint-ignore no-explicit-any -- what the tests compare the values with says their types
type Values = any;

/** `loadConfig()` with the package's distillers. */
export function loadConfig(...args: Parameters<typeof load>): WithSections {
  return load(...args) as WithSections;
}

/** `resolveConfig()` with the package's distillers. */
export function resolveConfig(...args: Parameters<typeof resolve>): WithSections {
  return resolve(...args) as WithSections;
}

/** The part of `values` whose keys are in `keys`, nested. */
export function pick(values: unknown, keys: unknown): unknown {
  if (typeof keys !== "object" || keys === null || Array.isArray(keys)) return values;
  const record = values as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(keys).map(([key, nested]) => [key, pick(record[key], nested)]),
  );
}
