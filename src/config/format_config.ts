import { visible } from "../formats/visible.ts";
import { choicesOf, chosenKeys } from "./choices.ts";
import { expectation } from "./coerce.ts";
import type { Config } from "./config.ts";
import { type AnyField, type FieldValue, isField, type Section } from "./field.ts";
import { type ChoiceName, FIELDS, isUsed, OWNERS, ROOT } from "./keys.ts";
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
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `[${value.map(formatValue).join(", ")}]`;
  const pairs = Object.entries(value as Readonly<Record<string, number>>);
  return `{${pairs.map(([text, number]) => `${formatValue(text)}: ${number}`).join(", ")}}`;
}

/** A value that follows from other settings, as YAML has it. */
export const AUTO = formatValue("auto");

/** What became of the values of a section that were `auto`, as `HINT_LAYER -1`, where it is not the usual. */
export function settledValues(before: Config, after: Config, section: string): string[] {
  return [...FIELDS].filter(([key]) => key.startsWith(`${section}.`)).flatMap(([key, field]) => {
    const [was, is] = [before, after].map((config) => formatValue(valueAt(config, key)));
    return was === AUTO && is !== AUTO && is !== defaultOf(field)
      ? [`${key.slice(section.length + 1)} ${is}`]
      : [];
  });
}

/** The default of a key, of one that is `auto` what it was before. */
export function defaultOf(field: AnyField): string {
  return formatValue(field.usual ?? field.default);
}

/**
 * The settings that matter to this run, those of every run and those of its distiller, as aligned text: one line per
 * section, one indented line per key.
 *
 * @param which all of them, or those that are not the defaults
 */
export function formatConfig(config: Config, which: "all" | "changed" = "all"): string {
  const chosen = (key: string) => valueAt(config, key);
  const keys = [...FIELDS].filter(([key, field]) =>
    isUsed(key, chosen) && !(key === IMPORT && config.EXPERIMENT.IMPORT.length === 0) &&
    (which === "all" || formatValue(chosen(key)) !== formatValue(field.default))
  ).map(([key]) => key);
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

/** The values of a key that are registered, with what they are. */
function describeChoices(key: string): string[] {
  const choices = [...choicesOf(key)];
  const width = Math.max(0, ...choices.map(([name]) => name.length));
  return choices.map(([name, { doc = "" }]) => `        ${name.padEnd(width)}  ${doc}`.trimEnd());
}

/** What every key means, what it may be and what it is by default, as text. */
export function describeConfig(): string {
  const lines: string[] = [];
  let section = "";
  for (const [key, field] of FIELDS) {
    const name = key.split(".")[0];
    if (name !== section) {
      if (section) lines.push("");
      lines.push(section = name);
    }
    lines.push(`  ${key} = ${formatValue(field.default)}`, `      ${field.doc}`);
    const wanted = expectation(field);
    if (field.kind === "path") lines.push("      It is a path; ~ is your home.");
    else if (field.kind !== "string" || field.choices) lines.push(`      It is ${wanted}.`);
    const owner = OWNERS.get(key);
    if (owner) lines.push(`      It is read with ${owner.key} ${owner.name} alone.`);
    lines.push(...describeChoices(key));
  }
  return lines.join("\n");
}

function write(section: Section, prefix: string, indent: string, config: Config): string {
  let text = "";
  for (const [name, node] of Object.entries(section)) {
    const key = prefix + name;
    if (key === IMPORT && config.EXPERIMENT.IMPORT.length === 0) continue;
    const owner = OWNERS.get(key);
    if (owner && isIdle(owner, config)) continue;
    if (isField(node)) text += `${indent}${name}: ${formatValue(valueAt(config, key))}\n`;
    else text += `${indent}${name}:\n${write(node, `${key}.`, `${indent}  `, config)}`;
  }
  return text;
}

/** Whether a choice is an imported module's and not made. */
function isIdle({ key, name }: ChoiceName, config: Config): boolean {
  return choicesOf(key).get(name)?.imported === true && valueAt(config, key) !== name;
}

/** The schema without the sections of imported choices that are not made: reading those takes the modules. */
function writtenSections(config: Config): Section {
  const idle = new Set(
    chosenKeys().flatMap((key) => {
      return [...choicesOf(key).keys()].filter((name) => isIdle({ key, name }, config));
    }),
  );
  return Object.fromEntries(Object.entries(ROOT).filter(([name]) => !idle.has(name)));
}

/** The whole configuration as YAML; reading it again gives the same configuration. */
export function configToYaml(config: Config): string {
  return write(writtenSections(config), "", "", config);
}
