import { parse } from "@std/yaml";
import { shown } from "../formats/visible.ts";
import { ConfigError } from "./config.ts";
import { brief, LONGEST_YAML } from "./yaml_text.ts";

/** The core schema has no dates, so texts that look like them stay texts; merge keys are merged here. */
const YAML_OPTIONS = { schema: "core" } as const;

/** Characters that looking for lines may parse, which takes seconds; what is nearest by then is named. */
const MOST_SEARCHED = 2 ** 21;
/** What may be missing where a text is cut within braces or brackets. */
const ENDS = ["", "}", "]", "}}", "]}", '"', "'"];

/** What YAML may not hold, as PyYAML refuses it. */
const FORBIDDEN =
  // deno-lint-ignore no-control-regex -- control characters are what it looks for
  /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]|\p{Surrogate}/u;

/** PyYAML's key for the mappings whose keys are taken over. */
const MERGE = "<<";
/** Most keys that may be copied: mappings that merge mappings that merge others multiply. */
const MOST_MERGED = 100_000;

/**
 * Parses a YAML value, as PyYAML takes it but for dates, which stay texts.
 *
 * @throws SyntaxError for malformed YAML, RangeError where it is nested too deeply
 */
export function parseYaml(text: string): unknown {
  return parse(text, YAML_OPTIONS);
}

/** A YAML text whose errors name the line, and whose mappings have what `<<` merges into them. */
export class YamlDocument {
  /** The sections. */
  readonly root: Mapping;
  readonly #lines: readonly string[];
  readonly #merged = new MergedMappings();
  #searched = 0;

  /**
   * Parses a text.
   *
   * @param source the file's name, for error messages
   * @throws {ConfigError} for what is not YAML, or is not one mapping
   */
  constructor(text: string, readonly source: string) {
    if (text.length > LONGEST_YAML) {
      throw new ConfigError(`${source}: a configuration has at most ${LONGEST_YAML} characters`);
    }
    this.#lines = text.split(/(?<=\r\n|\n|\r(?!\n))/);
    this.#checkCharacters();
    this.root = this.#parse(text);
  }

  /** `SOURCE, line N` of the first key on a path that the text has, or the source alone. */
  where(path: readonly string[]): string {
    for (let length = path.length; length > 0; length--) {
      const line = this.#lineOf(path.slice(0, length));
      if (line !== null) return `${this.source}, line ${line}`;
    }
    return this.source;
  }

  /**
   * The keys of a mapping with their values, those that `<<` merges among them.
   *
   * @param path where it is, for error messages
   * @throws {ConfigError} where `<<` names anything else, itself, or far too much
   */
  entries(mapping: Mapping, path: readonly string[]): ReadonlyMap<string, unknown> {
    try {
      return this.#merged.entries(mapping);
    } catch (error) {
      if (!(error instanceof MergeError || error instanceof RangeError)) throw error;
      const reason = error instanceof MergeError ? error.message : "is nested too deeply";
      const key = [...path, MERGE].join(".");
      throw new ConfigError(`${this.where([...path, MERGE])}: ${shown(key)} ${reason}`);
    }
  }

  /** The value at a path of keys, whatever it is; undefined where there is none. */
  valueAt(path: readonly string[]): unknown {
    try {
      return this.#merged.valueAt(this.root, path);
    } catch {
      // What cannot be merged is reported where it is read.
      return undefined;
    }
  }

  #checkCharacters(): void {
    const line = this.#lines.findIndex((each) => FORBIDDEN.test(each));
    if (line >= 0) {
      const code = FORBIDDEN.exec(this.#lines[line])![0].charCodeAt(0);
      throw new ConfigError(
        `${this.source}, line ${line + 1}: the character U+${
          code.toString(16).toUpperCase().padStart(4, "0")
        } may not be in a YAML file${code === 0 ? "; is it another kind of file?" : ""}`,
      );
    }
    // A tab before a key takes it out of its section, for YAML does not count it as indentation.
    const tab = this.#lines.findIndex((each) => /^ *\t\s*["']?[\w.]+["']?\s*:(\s|$)/.test(each));
    if (tab < 0) return;
    throw new ConfigError(
      `${this.source}: YAML indents by spaces; line ${tab + 1} has a tab: use spaces instead`,
    );
  }

  #parse(text: string): Mapping {
    let document: unknown;
    try {
      document = parseYaml(text);
    } catch (error) {
      throw error instanceof RangeError ? this.#tooDeep() : this.#notYaml(error as YamlError);
    }
    if (document === null) return {};
    if (isMapping(document)) return document;
    const line = this.#lines.findIndex((each) => /^\s*[^\s#%]/.test(each) && !/^---\s/.test(each));
    throw new ConfigError(
      `${this.source}, line ${
        line + 1
      }: a configuration is a mapping of sections such as SOLVER; ` +
        `got ${brief(document)}`,
    );
  }

  #notYaml({ message, line, column }: YamlError): ConfigError {
    const reason = message.split(/ at line \d+, column \d+/)[0];
    const at = line === undefined ? "" : ` at line ${line}, column ${column}`;
    return new ConfigError(`${this.source}: not valid YAML: ${shown(reason, 120)}${at}`);
  }

  #tooDeep(): ConfigError {
    const line = this.#firstLine((text) => {
      try {
        parseYaml(text);
      } catch (error) {
        return error instanceof RangeError;
      }
      return false;
    });
    return new ConfigError(`${this.source}, line ${line}: this is nested too deeply`);
  }

  /** The line that gives the key at a path the value that it has, or null where it is not in the text. */
  #lineOf(path: readonly string[]): number | null {
    const value = this.#merged.valueAt(this.root, path);
    if (value === undefined) return null;
    return this.#firstLine((text) => isBeginningOf(this.#valueIn(text, path), value));
  }

  /** The value at a path of the beginning of the text, or undefined where it has none. */
  #valueIn(text: string, path: readonly string[]): unknown {
    for (const end of ENDS) {
      this.#searched += text.length;
      try {
        return new MergedMappings().valueAt(parseYaml(text + end), path);
      } catch {
        // It is cut within something that another end may close.
      }
    }
    return undefined;
  }

  /** The first line, from 1, up to whose end the text is as asked; from a later line on it has to be. */
  #firstLine(holds: (text: string) => boolean): number {
    let [before, upTo] = [0, this.#lines.length];
    while (upTo - before > 1 && this.#searched < MOST_SEARCHED) {
      const middle = (before + upTo) >> 1;
      if (holds(this.#lines.slice(0, middle).join(""))) upTo = middle;
      else before = middle;
    }
    return upTo;
  }
}

/** What the parser throws. */
type YamlError = Error & { readonly line?: number; readonly column?: number };

/**
 * Whether what the beginning of a text has for a value may become that value: a text or a number that is another one was
 * merged before the key got its own.
 */
function isBeginningOf(found: unknown, value: unknown): boolean {
  if (found === null || typeof value === "object") return found !== undefined;
  return Object.is(found, value) ||
    typeof found === "string" && String(value).startsWith(found.trimEnd());
}

/** A mapping of a YAML document. */
export type Mapping = Readonly<Record<string, unknown>>;

/** Why `<<` cannot be followed, as the end of a sentence. */
class MergeError extends Error {
  /** Always `MergeError`. */
  override readonly name = "MergeError";
}

/** Tells a mapping from a list and from single values. */
export function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The mappings of a parsed document with what `<<` merges into them, each worked out once. */
class MergedMappings {
  readonly #known = new Map<Mapping, ReadonlyMap<string, unknown>>();
  readonly #within = new Set<Mapping>();
  #copied = 0;

  /**
   * The keys of a mapping with their values: its own, and those of the mappings that `<<` names, the first of which wins.
   *
   * @throws {MergeError} where `<<` names anything else, the mapping itself, or far too much
   */
  entries(mapping: Mapping): ReadonlyMap<string, unknown> {
    const known = this.#known.get(mapping);
    if (known) return known;
    if (this.#within.has(mapping)) throw new MergeError("merges a mapping into itself");
    this.#within.add(mapping);
    const result = new Map(Object.entries(mapping));
    if (result.delete(MERGE)) {
      for (const source of sourcesOf(mapping[MERGE])) this.#copy(this.entries(source), result);
    }
    this.#within.delete(mapping);
    this.#known.set(mapping, result);
    return result;
  }

  /** The value at a path, or undefined where there is none; `<<` itself may be its last part. */
  valueAt(root: unknown, path: readonly string[]): unknown {
    let node = root;
    for (const name of path) {
      if (!isMapping(node)) return undefined;
      node = name === MERGE ? node[MERGE] : this.entries(node).get(name);
    }
    return node;
  }

  #copy(from: ReadonlyMap<string, unknown>, to: Map<string, unknown>): void {
    this.#copied += from.size;
    if (this.#copied > MOST_MERGED) throw new MergeError(`merges more than ${MOST_MERGED} keys`);
    for (const [key, value] of from) {
      if (!to.has(key)) to.set(key, value);
    }
  }
}

function sourcesOf(value: unknown): readonly Mapping[] {
  const sources = Array.isArray(value) ? value : [value];
  if (sources.every(isMapping)) return sources;
  throw new MergeError(`merges mappings, such as "*base" or "[*one, *other]"; got ${brief(value)}`);
}
