/**
 * The value types a configuration key can have; `ints` is a list of integers, `floats` one of numbers, `path` a text that is a
 * path, `paths` a list of such, `texts` a list of texts, `factors` numbers by texts.
 */
export type FieldKind =
  | "bool"
  | "int"
  | "float"
  | "string"
  | "path"
  | "ints"
  | "floats"
  | "paths"
  | "texts"
  | "factors";

/** The range a number, or every number of a list, must lie in, and what it is the measure of. */
export interface Range {
  /** Smallest value allowed. */
  readonly min?: number;
  /** Largest value allowed. */
  readonly max?: number;
  /** The value must be greater than this one. */
  readonly above?: number;
  /** The value must be less than this one. */
  readonly below?: number;
  /** How many numbers a list must have. */
  readonly length?: number;
  /** Whether no number of a list may be less than the one before it. */
  readonly ascending?: boolean;
  /** Whether a run takes the more memory the larger it is. */
  readonly memory?: boolean;
}

/** One configuration key: its type, its default, what it means and what it may be. */
export interface Field<T> extends Range {
  /** Type of the value as YAML writes it. */
  readonly kind: FieldKind;
  /** Value where the file has none. */
  readonly default: T;
  /** What the key means, in one sentence. */
  readonly doc: string;
  /** The texts allowed, where only some are; of a list, the words that may stand in its place. */
  readonly choices?: readonly string[];
  /** Of a key that is `auto` by default: what its default was before it was that, and is in files that know no `auto`. */
  readonly usual?: T;
  /** Whether a file that gives it means the usual value of every key of its section that is `auto` where it leaves that out. */
  readonly pins?: boolean;
}

/** A field of any type. */
export type AnyField =
  | Field<boolean>
  | Field<boolean | "auto">
  | Field<number>
  | Field<number | "auto">
  | Field<string>
  | Field<number[]>
  | Field<string | number[]>
  | Field<string[]>
  | Field<Readonly<Record<string, number>>>;

/** What a key may hold. */
export type FieldValue = AnyField["default"];

/** A section of the schema: fields and sections by their uppercase names. */
export interface Section {
  /** A key or a nested section. */
  readonly [key: string]: AnyField | Section;
}

/** The values that a section of the schema describes. */
export type ValuesOf<S> = {
  readonly [K in keyof S]: S[K] extends Field<infer T> ? T : ValuesOf<S[K]>;
};

/** Tells a field from a section. */
export function isField(node: AnyField | Section): node is AnyField {
  return typeof node.kind === "string";
}

/** A true/false key. */
export function bool(value: boolean, doc: string): Field<boolean> {
  return { kind: "bool", default: value, doc };
}

/** An integer key. */
export function int(value: number, doc: string, range: Range = {}): Field<number> {
  return { kind: "int", default: value, doc, ...range };
}

/** A key that takes any finite number. */
export function float(value: number, doc: string, range: Range = {}): Field<number> {
  return { kind: "float", default: value, doc, ...range };
}

/** A text key. */
export function text(value: string, doc: string): Field<string> {
  return { kind: "string", default: value, doc };
}

/** A key that takes the path of a file or a folder. */
export function path(value: string, doc: string): Field<string> {
  return { kind: "path", default: value, doc };
}

/** A text key that takes one of a few values. */
export function choice<const C extends string>(
  choices: readonly C[],
  value: NoInfer<C>,
  doc: string,
): Field<C> {
  return { kind: "string", default: value, doc, choices };
}

/** A key that takes a list of integers. */
export function ints(value: number[], doc: string, range: Range = {}): Field<number[]> {
  return { kind: "ints", default: value, doc, ...range };
}

/** A key that takes a list of numbers. */
export function floats(value: number[], doc: string, range: Range = {}): Field<number[]> {
  return { kind: "floats", default: value, doc, ...range };
}

/** A key that takes one of a few words, or a list of numbers. */
export function wordOrFloats<const W extends string>(
  choices: readonly W[],
  value: NoInfer<W>,
  doc: string,
  range: Range = {},
): Field<W | number[]> {
  return { kind: "floats", default: value, doc, choices, ...range };
}

/** A key that takes a list of paths. */
export function paths(value: string[], doc: string): Field<string[]> {
  return { kind: "paths", default: value, doc };
}

/**
 * A key of a number that is `auto` by default: what that is follows from other settings, or from the models.
 *
 * @param usual the key with the default that it has in a file which gives a key that `pins`
 * @param pins whether this is one, as the authors' files always give it
 */
export function auto(usual: Field<number>, pins = false): Field<number | "auto"> {
  return { ...usual, default: "auto", usual: usual.default, pins };
}

/** A true/false key that is `auto` by default: what that is follows from the surroundings. */
export function autoBool(doc: string): Field<boolean | "auto"> {
  return { kind: "bool", default: "auto", doc };
}

/** Whether a key takes `auto` beside its numbers, or beside true and false. */
export function takesAuto({ kind, default: value }: AnyField): boolean {
  return (kind === "int" || kind === "float" || kind === "bool") && value === "auto";
}

/** A key that takes a list of texts. */
export function texts(value: string[], doc: string): Field<string[]> {
  return { kind: "texts", default: value, doc };
}

/** A key that takes a number for each of some texts, `{text: number}`, in their order. */
export function factors(
  value: Readonly<Record<string, number>>,
  doc: string,
  range: Range = {},
): Field<Readonly<Record<string, number>>> {
  return { kind: "factors", default: value, doc, ...range };
}

/** What makes configuration keys, each with its default and what it means. */
export const field = {
  ...{ bool, int, float, text, path, choice, ints, floats, paths, texts, factors, auto },
};
