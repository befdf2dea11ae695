import { closestString } from "@std/text/closest-string";
import { type AnyField, isField, type Section } from "./field.ts";
import { SCHEMA } from "./schema.ts";

function collect(section: Section, prefix: string, fields: Map<string, AnyField>): void {
  for (const [name, node] of Object.entries(section)) {
    if (isField(node)) fields.set(prefix + name, node);
    else collect(node, `${prefix}${name}.`, fields);
  }
}

function allFields(): Map<string, AnyField> {
  const fields = new Map<string, AnyField>();
  collect(SCHEMA, "", fields);
  return fields;
}

/** Every key of the schema by its full dotted name, such as `SOLVER.LR`, in the schema's order. */
export const FIELDS: ReadonlyMap<string, AnyField> = allFields();

function sectionNames(): string[] {
  const names = new Set<string>();
  for (const key of FIELDS.keys()) {
    for (let dot = key.indexOf("."); dot >= 0; dot = key.indexOf(".", dot + 1)) {
      names.add(key.slice(0, dot));
    }
  }
  return [...names];
}

/** Every section of the schema by its full dotted name, such as `WKD.SINKHORN`. */
export const SECTIONS: readonly string[] = sectionNames();

/** The key, or the section where `isSection`, whose name is nearest to `name` by edit distance. */
export function nearestKey(name: string, isSection = false): string {
  return closestString(name, isSection ? SECTIONS : [...FIELDS.keys()]);
}
