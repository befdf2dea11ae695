import { UserError } from "../errors.ts";
import { type AnyField, isField, type Section } from "./field.ts";
import { SCHEMA } from "./schema.ts";

/** One value of a key such as SOLVER.TYPE, and what comes with it. */
export interface Choice {
  /** Keys of the same section that are read with this value alone, by their names without the section. */
  readonly keys: Section;
  /** Says what does not go together in the section, and at which of its keys; null where all does. */
  readonly check?: (values: Readonly<Record<string, unknown>>) => Misfit | null;
}

/** Settings that do not go together. */
export interface Misfit {
  /** The key at fault, without its section. */
  readonly key: string;
  /** One sentence: what was given, what was wanted, what to do. */
  readonly message: string;
}

const fields = new Map<string, AnyField>();
const sections: string[] = [];
const choices = new Map<string, Map<string, Choice>>();
const owners = new Map<string, ChoiceName>();

/** A key, and one of its values. */
export interface ChoiceName {
  /** Such as `SOLVER.TYPE`. */
  readonly key: string;
  /** Such as `SGD`. */
  readonly name: string;
}

/** Every key of the schema by its full dotted name, such as `SOLVER.LR`, in the schema's order. */
export const FIELDS: ReadonlyMap<string, AnyField> = fields;

/** Every section of the schema by its full dotted name, such as `WKD.SINKHORN`. */
export const SECTIONS: readonly string[] = sections;

/** What was registered, by key and value. */
export const CHOICES: ReadonlyMap<string, ReadonlyMap<string, Choice>> = choices;

/** The value that each key belongs to that is not read with every value. */
export const OWNERS: ReadonlyMap<string, ChoiceName> = owners;

collectAll();

/**
 * Adds a value to a key that takes one of a few, with the keys that are read with it alone: they are in the schema, the help and
 * every check from then on.
 *
 * @param key such as `SOLVER.TYPE`
 * @param name the value, such as `AdamW`
 * @throws UserError where the value or one of its keys is there already
 */
export function registerChoice(key: string, name: string, choice: Choice): void {
  const known = choices.get(key) ?? new Map<string, Choice>();
  if (known.has(name)) {
    throw new UserError(`${key} ${name} is registered already; take another name`);
  }
  const path = key.split(".").slice(0, -1);
  const places = Object.keys(choice.keys).map((each) => [...path, each].join("."));
  for (const place of places) {
    if (!fields.has(place)) continue;
    const owner = owners.get(place);
    const whose = owner ? `of ${owner.key} ${owner.name}` : "of every run";
    throw new UserError(`${key} ${name} wants a key ${place}, which is one ${whose} already`);
  }
  choices.set(key, known.set(name, choice));
  const section = path.reduce((node: Section, part) => node[part] as Section, SCHEMA);
  const own = section as Record<string, AnyField | Section>;
  const last = key.split(".").at(-1)!;
  own[last] = { ...own[last], choices: [...known.keys()] } as AnyField;
  Object.assign(own, choice.keys);
  for (const place of places) owners.set(place, { key, name });
  collectAll();
}

function collectAll(): void {
  fields.clear();
  collect(SCHEMA, "");
  const names = [...fields.keys()].flatMap((field) => {
    const parts = field.split(".").slice(0, -1);
    return parts.map((_, i) => parts.slice(0, i + 1).join("."));
  });
  sections.splice(0, sections.length, ...new Set(names));
}

function collect(section: Section, prefix: string): void {
  for (const [name, node] of Object.entries(section)) {
    if (isField(node)) fields.set(prefix + name, node);
    else collect(node, `${prefix}${name}.`);
  }
}
