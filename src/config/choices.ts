import type { Section } from "./field.ts";

/** What one value of a key brings along, such as `KD` of `DISTILLER.TYPE`. */
export interface Choice {
  /** What it is, in a sentence. */
  readonly doc?: string;
  /** Keys of its own, in a section of its name. */
  readonly section?: Section;
  /** Keys that stand beside the one that chooses and are read with this value alone, by their names without the section. */
  readonly keys?: Section;
  /** Says what does not go together in the section of the key that chooses; null where all does. */
  readonly check?: (values: Readonly<Record<string, unknown>>) => Misfit | null;
  /** Keys of other sections that say nothing where it is chosen. */
  readonly unused?: readonly string[];
  /** Whether a module of the user's brought it, which is not there in every command. */
  readonly imported?: boolean;
}

/** Settings that do not go together. */
export interface Misfit {
  /** The key at fault, without its section. */
  readonly key: string;
  /** One sentence: what was given, what was wanted, what to do. */
  readonly message: string;
}

/** Choices by name, by key. */
const CHOICES = new Map<string, Map<string, Choice>>();

/** The choices of a key by name, in the order they were added. */
export function choicesOf(key: string): Map<string, Choice> {
  const choices = CHOICES.get(key) ?? new Map<string, Choice>();
  CHOICES.set(key, choices);
  return choices;
}

/** The keys whose values are registered. */
export function chosenKeys(): string[] {
  return [...CHOICES.keys()];
}

/** Names as a list in a sentence: `a, b or c`. */
export function oneOf(names: readonly string[]): string {
  const [last, ...others] = [...names].reverse();
  return others.length === 0 ? last ?? "" : `${others.reverse().join(", ")} or ${last}`;
}
