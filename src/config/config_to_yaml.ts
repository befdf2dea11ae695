import type { Config } from "./config.ts";
import { isField, type Section } from "./field.ts";
import { formatValue, valueAt } from "./format_config.ts";
import { SCHEMA } from "./schema.ts";

function write(section: Section, prefix: string, indent: string, config: Config): string {
  let text = "";
  for (const [name, node] of Object.entries(section)) {
    const key = prefix + name;
    if (isField(node)) text += `${indent}${name}: ${formatValue(valueAt(config, key))}\n`;
    else text += `${indent}${name}:\n${write(node, `${key}.`, `${indent}  `, config)}`;
  }
  return text;
}

/** The whole configuration as YAML; reading it again gives the same configuration. */
export function configToYaml(config: Config): string {
  return write(SCHEMA, "", "", config);
}
