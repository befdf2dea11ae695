import { choicesOf, chosenKeys } from "./choices.ts";
import type { Config } from "./config.ts";
import { isField, type Section } from "./field.ts";
import { formatValue, valueAt } from "./format_config.ts";
import { ROOT } from "./keys.ts";
import { IMPORT } from "./schema.ts";

function write(section: Section, prefix: string, indent: string, config: Config): string {
  let text = "";
  for (const [name, node] of Object.entries(section)) {
    const key = prefix + name;
    if (key === IMPORT && config.EXPERIMENT.IMPORT.length === 0) continue;
    if (isField(node)) text += `${indent}${name}: ${formatValue(valueAt(config, key))}\n`;
    else text += `${indent}${name}:\n${write(node, `${key}.`, `${indent}  `, config)}`;
  }
  return text;
}

/** The schema without the sections of imported choices that are not made: reading those takes the modules. */
function writtenSections(config: Config): Section {
  const idle = new Set(
    chosenKeys().flatMap((key) => {
      const chosen = valueAt(config, key);
      return [...choicesOf(key)].filter(([name, { imported }]) => imported && name !== chosen)
        .map(([name]) => name);
    }),
  );
  return Object.fromEntries(Object.entries(ROOT).filter(([name]) => !idle.has(name)));
}

/** The whole configuration as YAML; reading it again gives the same configuration. */
export function configToYaml(config: Config): string {
  return write(writtenSections(config), "", "", config);
}
