import { choicesOf, chosenKeys } from "./choices.ts";
import type { Config } from "./config.ts";
import { isField, type Section } from "./field.ts";
import { formatValue, valueAt } from "./format_config.ts";
import { type ChoiceName, OWNERS, ROOT } from "./keys.ts";
import { IMPORT } from "./schema.ts";

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
