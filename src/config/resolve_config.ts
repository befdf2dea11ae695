import { parse } from "@std/yaml";
import { coerce, expectation } from "./coerce.ts";
import type { Config } from "./config.ts";
import { ConfigError } from "./config_error.ts";
import { type AnyField, isField, type Section } from "./field.ts";
import { FIELDS, nearestKey } from "./keys.ts";
import { ALIASES, SCHEMA } from "./schema.ts";

/** The name that errors give to `KEY VALUE` overrides. */
const COMMAND_LINE = "command line";

/** The core schema has no dates and no merge keys, so texts that look like them stay texts. */
const YAML_OPTIONS = { schema: "core" };

type Values = Map<string, unknown>;

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  const text = typeof value === "number" ? String(value) : JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function unknownKey(source: string, key: string, isSection: boolean): ConfigError {
  const near = nearestKey(key, isSection);
  const hint = near ? `did you mean ${near}?` : "`deno task config` lists the keys";
  return new ConfigError(`${source}: unknown key ${key}; ${hint}`);
}

function assign(values: Values, source: string, key: string, value: unknown): void {
  const field = FIELDS.get(key) as AnyField;
  const accepted = coerce(value, field);
  if (accepted === undefined) {
    throw new ConfigError(`${source}: ${key} must be ${expectation(field)}; got ${show(value)}`);
  }
  values.set(key, accepted);
}

function assignAlias(values: Values, source: string, alias: string, value: unknown): void {
  const key = ALIASES.get(alias) as string;
  if (values.has(key)) {
    throw new ConfigError(`${source}: ${alias} and ${key} are the same setting; give one of them`);
  }
  assign(values, source, key, value);
}

function readSection(
  values: Values,
  source: string,
  section: Section,
  prefix: string,
  mapping: Record<string, unknown>,
): void {
  for (const [name, value] of Object.entries(mapping)) {
    const key = prefix + name;
    if (ALIASES.has(key)) continue;
    if (!Object.hasOwn(section, name)) throw unknownKey(source, key, isMapping(value));
    const node = section[name];
    if (isField(node)) {
      assign(values, source, key, value);
    } else if (isMapping(value)) {
      readSection(values, source, node, `${key}.`, value);
    } else if (value !== null) {
      const wanted = Object.keys(node).map((child) => `${key}.${child}`).join(", ");
      throw new ConfigError(
        `${source}: ${key} is a section with the keys ${wanted}; got ${show(value)}`,
      );
    }
  }
}

function readAliases(values: Values, source: string, document: Record<string, unknown>): void {
  for (const alias of ALIASES.keys()) {
    let node: unknown = document;
    for (const part of alias.split(".")) node = isMapping(node) ? node[part] : undefined;
    if (node !== undefined) assignAlias(values, source, alias, node);
  }
}

/** A tab before a key takes it out of its section, for YAML does not count it as indentation. */
function refuseTabs(text: string, source: string): void {
  const line = text.split("\n").findIndex((each) =>
    /^ *\t\s*["']?[\w.]+["']?\s*:(\s|$)/.test(each)
  );
  if (line < 0) return;
  throw new ConfigError(
    `${source}: YAML indents by spaces; line ${line + 1} has a tab: use spaces instead`,
  );
}

function parseDocument(text: string, source: string): Record<string, unknown> {
  refuseTabs(text, source);
  let document: unknown;
  try {
    document = parse(text, YAML_OPTIONS);
  } catch (error) {
    const reason = String((error as Error).message).split("\n")[0].replace(/:$/, "");
    throw new ConfigError(`${source}: not valid YAML: ${reason}`);
  }
  if (document === null) return {};
  if (isMapping(document)) return document;
  throw new ConfigError(
    `${source}: a configuration is a mapping of sections such as SOLVER; got ${show(document)}`,
  );
}

/** Text fields take the words as they stand; anything else is read as YAML. */
function parseOverride(text: string, field: AnyField | undefined): unknown {
  let value: unknown;
  try {
    value = parse(text, YAML_OPTIONS);
  } catch {
    return text;
  }
  return field?.kind === "string" && typeof value !== "string" ? text : value;
}

/** `KEY=VALUE` where a key is wanted. */
function refuseEquals(overrides: readonly string[]): void {
  for (const [i, text] of overrides.entries()) {
    const [, key, value] = /^([\w.]+)=(.*)$/s.exec(text) ?? [];
    if (i % 2 === 1 || !(FIELDS.has(key) || ALIASES.has(key))) continue;
    throw new ConfigError(
      `${COMMAND_LINE}: settings come as pairs KEY VALUE; instead of ${text} write ${key} ${value}`,
    );
  }
}

function readOverrides(values: Values, overrides: readonly string[]): void {
  refuseEquals(overrides);
  if (overrides.length % 2 === 1) {
    throw new ConfigError(
      `${COMMAND_LINE}: settings come as pairs KEY VALUE; ${overrides.at(-1)} has no value`,
    );
  }
  for (let i = 0; i < overrides.length; i += 2) {
    const key = ALIASES.get(overrides[i]) ?? overrides[i];
    if (!FIELDS.has(key)) throw unknownKey(COMMAND_LINE, key, false);
    assign(values, COMMAND_LINE, key, parseOverride(overrides[i + 1], FIELDS.get(key)));
  }
}

function build(section: Section, prefix: string, values: Values): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, node] of Object.entries(section)) {
    const key = prefix + name;
    if (!isField(node)) result[name] = build(node, `${key}.`, values);
    else result[name] = values.has(key) ? values.get(key) : structuredClone(node.default);
  }
  return result;
}

/** Refuses settings that do not go together. */
function checkTogether({ SOLVER }: Config, source: string): void {
  if (SOLVER.NESTEROV && SOLVER.MOMENTUM === 0) {
    throw new ConfigError(
      `${source}: SOLVER.NESTEROV is a form of momentum, but SOLVER.MOMENTUM is 0; set ` +
        "SOLVER.NESTEROV False or a momentum above 0",
    );
  }
}

/**
 * The configuration that a YAML text and `KEY VALUE` overrides describe, over the schema's defaults.
 *
 * @param yaml the YAML text; empty for the defaults
 * @param source the file's name, for error messages
 * @param overrides pairs of a dotted key and a YAML value, such as `["SOLVER.EPOCHS", "3"]`
 * @throws {ConfigError} for malformed YAML, an unknown key, a wrong type, a value out of range, or values that do not
 * go together
 */
export function resolveConfig(
  yaml: string,
  source: string,
  overrides: readonly string[] = [],
): Config {
  const values: Values = new Map();
  const document = parseDocument(yaml, source);
  readSection(values, source, SCHEMA, "", document);
  readAliases(values, source, document);
  readOverrides(values, overrides);
  const config = build(SCHEMA, "", values) as unknown as Config;
  checkTogether(config, source);
  return config;
}
