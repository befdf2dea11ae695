import { coerce, expectation } from "../config/coerce.ts";
import { isField, type Section } from "../config/field.ts";
import { addChoice, ROOT } from "../config/keys.ts";
import { UserError } from "../errors.ts";
import { RegistrationError, Registry } from "../registry/registry.ts";
import { type AnyDistiller, defineDistiller, type DistillerDefinition } from "./definition.ts";
import * as list from "./list.ts";

/** The package's own by name, as texts and files have them; the one without a teacher first. */
const OWN = (Object.values(list) as readonly AnyDistiller[]).toSorted((a, b) =>
  Number(a.teacher !== false) - Number(b.teacher !== false) || (a.name < b.name ? -1 : 1)
);

const KEY = "DISTILLER.TYPE";
const OF_TEACHERS = [
  "DISTILLER.TEACHER",
  "DISTILLER.TEACHER_CHECKPOINT",
  "TEACHER.MEAN",
  "TEACHER.STD",
];
const NAME = /^[A-Z][A-Z0-9_]*$/;
const WORDS = "a word of capital letters, digits and underscores, such as MYKD";

const DISTILLERS = new Registry<AnyDistiller>("distiller", "registerDistiller", [NAME, WORDS]);

/**
 * Makes a distiller known by its name: `DISTILLER.TYPE` takes it, and its keys are a section of the configuration.
 *
 * @throws {RegistrationError} where the name is taken or no name, or a key is none
 */
export function registerDistiller<K extends Section>(definition: DistillerDefinition<K>): void {
  add(defineDistiller(definition));
}

function add(definition: AnyDistiller): void {
  const { name, doc, keys, teacher = true } = definition;
  DISTILLERS.check(name);
  if (Object.hasOwn(ROOT, name)) {
    throw new RegistrationError(
      `registerDistiller: ${name} is a section of the configuration already; choose another name`,
    );
  }
  checkKeys(name, keys);
  if (definition.costMatrix && !(isKey(keys.COST_MATRIX) && isKey(keys.COST_MATRIX_PATH))) {
    throw new RegistrationError(
      `registerDistiller: ${name} has costMatrix and lacks the keys for it; spread costMatrixKeys() among its keys`,
    );
  }
  DISTILLERS.add(name, definition);
  addChoice(KEY, name, {
    doc,
    section: keys,
    unused: teacher ? [] : OF_TEACHERS,
    imported: DISTILLERS.isImported(name),
  });
}

function isKey(node: Section[string] | undefined): boolean {
  return node !== undefined && isField(node);
}

function checkKeys(prefix: string, section: Section): void {
  for (const [name, node] of Object.entries(section)) {
    const key = `${prefix}.${name}`;
    if (!NAME.test(name)) {
      throw new RegistrationError(`registerDistiller: the key ${key} is not ${WORDS}`);
    }
    if (typeof node !== "object" || node === null) {
      throw new RegistrationError(
        `registerDistiller: ${key} is neither a key, such as field.float(1, "Weight of the loss."), nor a section of keys`,
      );
    }
    if (!isField(node)) checkKeys(key, node);
    else if (coerce(node.default, node) === undefined) {
      throw new RegistrationError(
        `registerDistiller: the default of ${key} must be ${expectation(node)}; got ${
          JSON.stringify(node.default)
        }`,
      );
    }
  }
}

for (const definition of OWN) add(definition);

/** The distillers, the package's own first. */
export function distillers(): readonly AnyDistiller[] {
  return DISTILLERS.all;
}

/**
 * The distiller of a name, as the configuration has checked it.
 *
 * @throws {UserError} for a name that is not registered
 */
export function distillerOf(name: string): AnyDistiller {
  const found = DISTILLERS.get(name);
  if (found) return found;
  throw new UserError(
    `there is no distiller ${JSON.stringify(name)}; there are ${DISTILLERS.names.join(", ")}`,
  );
}

/** Whether a distiller of a name wants a teacher. */
export function wantsTeacher(name: string): boolean {
  return distillerOf(name).teacher ?? true;
}

/** Whether a distiller is an imported module's. */
export function isImportedDistiller(name: string): boolean {
  return DISTILLERS.isImported(name);
}
