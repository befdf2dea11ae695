import { brief } from "./brief.ts";

/** PyYAML's key for the mappings whose keys are taken over. */
export const MERGE = "<<";
/** Most keys that may be copied: mappings that merge mappings that merge others multiply. */
const MOST_MERGED = 100_000;

/** A mapping of a YAML document. */
export type Mapping = Readonly<Record<string, unknown>>;

/** Why `<<` cannot be followed, as the end of a sentence. */
export class MergeError extends Error {
  /** Always `MergeError`. */
  override readonly name = "MergeError";
}

/** Tells a mapping from a list and from single values. */
export function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The mappings of a parsed document with what `<<` merges into them, each worked out once. */
export class MergedMappings {
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
