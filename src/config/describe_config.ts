import { choicesOf } from "./choices.ts";
import { expectation } from "./coerce.ts";
import { formatValue } from "./format_config.ts";
import { FIELDS, OWNERS } from "./keys.ts";

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
