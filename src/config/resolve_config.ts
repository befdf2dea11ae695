import { ioReason } from "../formats/io_reason.ts";
import { readRegularFile } from "../formats/read_file.ts";
import { listed, shown } from "../formats/visible.ts";
import { importedModules, importHint, setRememberedImports } from "../registry/imports.ts";
import { choicesOf, chosenKeys } from "./choices.ts";
import { coerce, expectation } from "./coerce.ts";
import { type Config, ConfigError } from "./config.ts";
import { type AnyField, isField, type Section } from "./field.ts";
import { valueAt } from "./format_config.ts";
import { FIELDS, isUsed, ROOT, SECTIONS } from "./keys.ts";
import { nearestKey } from "./nearest_key.ts";
import { withProgram } from "./program.ts";
import { ALIASES, IMPORT } from "./schema.ts";
import { asTyped, homePath, typedPath } from "./typed_path.ts";
import { isMapping, type Mapping, parseYaml, YamlDocument } from "./yaml_document.ts";
import { brief, decodeYaml, LONGEST_YAML } from "./yaml_text.ts";

/** The name that errors give to `KEY VALUE` overrides. */
const COMMAND_LINE = "command line";

/** What to add where a name is neither known nor remembered. */
const OWN = "; one of your own wants --import FILE";

type Values = Map<string, unknown>;

function unknownKey(where: string, key: string, isSection: boolean): ConfigError {
  const near = nearestKey(key, isSection);
  const hint = near ? `did you mean ${near}?` : withProgram("`deno task config` lists the keys");
  return new ConfigError(`${where}: unknown key ${shown(key)}; ${importHint().slice(2) || hint}`);
}

/** Sets a key; `toPath` makes a path of what stands for one. */
function assign(
  values: Values,
  where: () => string,
  key: string,
  value: unknown,
  toPath = homePath,
): void {
  const field = FIELDS.get(key) as AnyField;
  const accepted = coerce(value, field);
  if (accepted === undefined) {
    const hint = choicesOf(key).size > 0 ? importHint() || OWN : "";
    throw new ConfigError(
      `${where()}: ${key} must be ${expectation(field)}; got ${brief(value)}${hint}`,
    );
  }
  try {
    values.set(key, field.kind === "path" ? toPath(accepted as string) : accepted);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(`${where()}: ${key}: ${error.message}`);
  }
}

function sectionAt(key: string): Section {
  let section: Section = ROOT;
  for (const name of key.split(".")) section = section[name] as Section;
  return section;
}

/** Reads a document into values by key; a key may have dots, as in `SOLVER.LR: 0.1`. */
class DocumentReader {
  readonly values: Values = new Map();
  readonly #aliases: [string, unknown, readonly string[]][] = [];

  constructor(readonly document: YamlDocument) {
    this.#readSection([], document.root);
    for (const [alias, value, path] of this.#aliases) this.#assignAlias(alias, value, path);
  }

  #readSection(path: readonly string[], mapping: Mapping): void {
    for (const [name, value] of this.document.entries(mapping, path)) {
      this.#readKey([...path, name], value);
    }
  }

  #readKey(path: readonly string[], value: unknown): void {
    const key = path.join(".");
    const where = () => this.document.where(path);
    if (ALIASES.has(key)) {
      this.#aliases.push([key, value, path]);
    } else if (FIELDS.has(key)) {
      if (this.values.has(key)) {
        throw new ConfigError(
          `${where()}: ${key} is given twice, once in its section and once with dots; give it once`,
        );
      }
      assign(this.values, where, key, value);
    } else if (!SECTIONS.includes(key)) {
      throw unknownKey(where(), key, isMapping(value));
    } else if (isMapping(value)) {
      this.#readSection(path, value);
    } else if (value !== null) {
      const wanted = listed(Object.keys(sectionAt(key)).map((child) => `${key}.${child}`), 4);
      throw new ConfigError(
        `${where()}: ${key} is a section with the keys ${wanted}; got ${brief(value)}`,
      );
    }
  }

  #assignAlias(alias: string, value: unknown, path: readonly string[]): void {
    const key = ALIASES.get(alias) as string;
    const where = () => this.document.where(path);
    if (this.values.has(key)) {
      throw new ConfigError(
        `${where()}: ${alias} and ${key} are the same setting; give one of them`,
      );
    }
    assign(this.values, where, key, value);
  }
}

/** Text fields take the words as they stand; anything else is read as YAML. */
function parseOverride(text: string, field: AnyField | undefined): unknown {
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch {
    return text;
  }
  const wantsText = field?.kind === "string" || field?.kind === "path";
  return wantsText && typeof value !== "string" ? text : value;
}

/** `KEY=VALUE` where a key is wanted. */
function refuseEquals(overrides: readonly string[]): void {
  for (const [i, text] of overrides.entries()) {
    const [, key, value] = /^([\w.]+)=(.*)$/s.exec(text) ?? [];
    if (i % 2 === 1 || !(FIELDS.has(key) || ALIASES.has(key))) continue;
    throw new ConfigError(
      `${COMMAND_LINE}: settings come as pairs KEY VALUE; instead of ${shown(text)} write ${key} ${
        shown(value)
      }`,
    );
  }
}

function readOverrides(values: Values, overrides: readonly string[]): void {
  refuseEquals(overrides);
  if (overrides.length % 2 === 1) {
    throw new ConfigError(
      `${COMMAND_LINE}: settings come as pairs KEY VALUE; ${shown(overrides.at(-1)!)} has no value`,
    );
  }
  for (let i = 0; i < overrides.length; i += 2) {
    const key = ALIASES.get(overrides[i]) ?? overrides[i];
    if (!FIELDS.has(key)) throw unknownKey(COMMAND_LINE, key, false);
    const value = parseOverride(overrides[i + 1], FIELDS.get(key));
    assign(values, () => COMMAND_LINE, key, value, typedPath);
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

/** Gives the keys that a file leaves out their usual values, in the sections where it gives one that pins them. */
function pinSections(values: Values): void {
  const pinning = [...values].filter(([key, value]) => FIELDS.get(key)?.pins && value !== "auto")
    .map(([key]) => key);
  const pinned = new Set(pinning.map((key) => key.split(".")[0]));
  setUsual(values, (section) => pinned.has(section));
}

/** What is `auto` in a section that is not chosen stays as it was before it could be that. */
function settleIdle(values: Values): void {
  const valueOf = (key: string) => values.get(key) ?? FIELDS.get(key)?.default;
  setUsual(values, (_section, key) => !isUsed(key, valueOf));
}

function setUsual(values: Values, wanted: (section: string, key: string) => boolean): void {
  for (const [key, { usual }] of FIELDS) {
    if (usual === undefined || values.has(key)) continue;
    if (wanted(key.split(".")[0], key)) values.set(key, usual);
  }
}

/** Refuses settings that do not go together. */
function checkTogether(config: Config, document: YamlDocument): void {
  for (const key of chosenKeys()) {
    const path = key.split(".").slice(0, -1);
    const section = path.reduce((node: Mapping, part) => node[part] as Mapping, config);
    const misfit = choicesOf(key).get(String(valueAt(config, key)))?.check?.(section);
    if (!misfit) continue;
    throw new ConfigError(`${document.where([...path, misfit.key])}: ${misfit.message}`);
  }
}

/** Has the modules at hand that a saved configuration was made with, for errors about names that are not known. */
export function rememberImports(yaml: string): void {
  let value: unknown = null;
  try {
    value = new YamlDocument(yaml, "x").valueAt(IMPORT.split("."));
  } catch (error) {
    // A text that is no configuration remembers nothing.
    if (!(error instanceof ConfigError)) throw error;
  }
  remember(value);
}

function remember(imports: unknown): void {
  const list = coerce(imports ?? [], FIELDS.get(IMPORT)!);
  const paths = Array.isArray(list) ? list.map(String) : [];
  setRememberedImports(paths.map((path) => ({ path, typed: asTyped(path) })));
}

/**
 * The configuration that a YAML text and `KEY VALUE` overrides describe, over the schema's defaults.
 *
 * @param yaml the YAML text; empty for the defaults
 * @param source the file's name, for error messages
 * @param overrides pairs of a dotted key and a YAML value, such as `["SOLVER.EPOCHS", "3"]`; paths among them are relative to
 * where the command was typed
 * @throws {ConfigError} for malformed YAML, an unknown key, a wrong type, a value out of range, or values that do not
 * go together
 */
export function resolveConfig(
  yaml: string,
  source: string,
  overrides: readonly string[] = [],
): Config {
  const document = new YamlDocument(yaml, source);
  remember(document.valueAt(IMPORT.split(".")));
  const { values } = new DocumentReader(document);
  pinSections(values);
  readOverrides(values, overrides);
  settleIdle(values);
  if (importedModules().length > 0) values.set(IMPORT, [...importedModules()]);
  const config = build(ROOT, "", values) as unknown as Config;
  checkTogether(config, document);
  return config;
}

/**
 * Reads a configuration file.
 *
 * @param path the YAML file; null for the defaults alone
 * @param overrides pairs of a dotted key and a YAML value that win over the file, as typed
 * @throws {ConfigError} where the file cannot be read, and as `resolveConfig()` does
 */
export function loadConfig(path: string | null, overrides: readonly string[] = []): Config {
  if (path === null) return resolveConfig("", "defaults", overrides);
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = readRegularFile(path, LONGEST_YAML);
  } catch (error) {
    throw new ConfigError(`cannot read the configuration ${path}: ${ioReason(error)}`);
  }
  return resolveConfig(decodeYaml(bytes, path), path, overrides);
}
