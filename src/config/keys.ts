import { RegistrationError } from "../registry/registry.ts";
import { type Choice, choicesOf, chosenKeys } from "./choices.ts";
import { type AnyField, isField, type Section } from "./field.ts";
import { SCHEMA } from "./schema.ts";

/** The schema with what the choices that were added bring along, in the schema's order. */
export const ROOT: Record<string, Section> = { ...SCHEMA };

const fields = new Map<string, AnyField>();
const sections: string[] = [];
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

/** The choice that each key belongs to that stands in a section of others and is read with that choice alone. */
export const OWNERS: ReadonlyMap<string, ChoiceName> = owners;

collectAll();

function collectAll(): void {
  fields.clear();
  sections.length = 0;
  for (const [name, section] of Object.entries(ROOT)) collect(section, name);
}

function collect(section: Section, name: string): void {
  sections.push(name);
  for (const [child, node] of Object.entries(section)) {
    if (isField(node)) fields.set(`${name}.${child}`, node);
    else collect(node, `${name}.${child}`);
  }
}

/**
 * Adds a value that a key may have; the section that it brings along gets its name, the keys stand beside the key itself.
 *
 * @param key such as `DISTILLER.TYPE`
 * @throws {RegistrationError} where one of its keys is there already
 */
export function addChoice(key: string, name: string, choice: Choice): void {
  const [section] = key.split(".");
  const { keys = {} } = choice;
  const places = Object.keys(keys).map((each) => `${section}.${each}`);
  for (const place of places.filter((each) => fields.has(each))) {
    const owner = owners.get(place);
    const whose = owner ? `of ${owner.key} ${owner.name}` : "of every run";
    throw new RegistrationError(
      `${key} ${name} wants a key ${place}, which is one ${whose} already`,
    );
  }
  choicesOf(key).set(name, choice);
  if (choice.section && Object.keys(choice.section).length > 0) ROOT[name] = choice.section;
  ROOT[section] = { ...ROOT[section], ...keys };
  for (const place of places) owners.set(place, { key, name });
  collectAll();
}

/** The sections that a choice brought along, by the key and the name that choose them. */
function chosenSections(): Map<string, string> {
  const found = new Map<string, string>();
  for (const key of chosenKeys()) {
    for (const [name, { section }] of choicesOf(key)) if (section) found.set(name, key);
  }
  return found;
}

/**
 * Whether a key matters where `valueOf` says what is chosen: it is not of a choice that is not made, nor one that a choice
 * that is made has no use for.
 */
export function isUsed(key: string, valueOf: (key: string) => unknown): boolean {
  const [section] = key.split(".");
  const choice = chosenSections().get(section);
  if (choice !== undefined && valueOf(choice) !== section) return false;
  const owner = owners.get(key);
  if (owner && valueOf(owner.key) !== owner.name) return false;
  return chosenKeys().every((each) => {
    return !choicesOf(each).get(String(valueOf(each)))?.unused?.includes(key);
  });
}
