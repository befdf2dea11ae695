import { type AnyField, type FieldValue, takesAuto } from "./field.ts";

/** YAML 1.1's names, which PyYAML and so the authors' files take for booleans; YAML 1.2 has them as texts. */
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["yes", true],
  ["on", true],
  ["false", false],
  ["no", false],
  ["off", false],
]);

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

/** What a field accepts, in words: `an integer of at least 1`. */
export function expectation(field: AnyField): string {
  if (field.choices) return `one of ${field.choices.join(", ")}`;
  const bounds: string[] = [];
  if (field.above !== undefined) bounds.push(`greater than ${field.above}`);
  if (field.min !== undefined) bounds.push(`of at least ${field.min}`);
  if (field.max !== undefined) bounds.push(`of at most ${field.max}`);
  if (field.below !== undefined) bounds.push(`less than ${field.below}`);
  const range = bounds.length ? ` ${bounds.join(" and ")}` : "";
  const or = takesAuto(field) ? "auto or " : "";
  switch (field.kind) {
    case "bool":
      return "true or false";
    case "int":
      return `${or}an integer${range}`;
    case "float":
      return `${or}a number${range}`;
    case "ints":
    case "floats":
      return `a list of ${field.length === undefined ? "" : `${field.length} `}${
        field.kind === "ints" ? "integers" : "numbers"
      }${range}, such as "${field.kind === "ints" ? "[1, 2]" : "[0.9, 0.999]"}"`;
    case "string":
      return "a text (quote it if it looks like a number)";
    case "path":
      return "a path, a text (quote it if it looks like a number)";
    case "paths":
      return 'a list of paths, such as "[a.ts, b.ts]"';
  }
}

/** Numbers may be quoted: yacs, which mdistiller reads its files with, evaluates such texts. */
function toNumber(value: unknown): unknown {
  return typeof value === "string" && NUMBER.test(value) ? Number(value) : value;
}

function toBoolean(value: unknown): boolean | undefined {
  if (typeof value === "boolean") return value;
  return typeof value === "string" ? BOOLEANS.get(value.toLowerCase()) : undefined;
}

/** Lists may be written as Python tuples, `(32, 32)`, which YAML takes for a text. */
function toList(value: unknown): unknown {
  if (typeof value !== "string") return value;
  const inner = /^\s*[([]([^()[\]]*)[)\]]\s*$/.exec(value)?.[1];
  if (inner === undefined) return value;
  const items = inner.split(",").map((item) => item.trim());
  if (items.at(-1) === "") items.pop();
  return items;
}

function inRange(value: unknown, field: AnyField, integer: boolean): value is number {
  return typeof value === "number" && Number.isFinite(value) &&
    (!integer || Number.isSafeInteger(value)) &&
    !(field.min !== undefined && value < field.min) &&
    !(field.max !== undefined && value > field.max) &&
    !(field.above !== undefined && value <= field.above) &&
    !(field.below !== undefined && value >= field.below);
}

/** A parsed YAML value as the field's type, or `undefined` where it is not one the field accepts. */
export function coerce(
  value: unknown,
  field: AnyField,
): FieldValue | undefined {
  if (value === "auto" && takesAuto(field)) return value;
  switch (field.kind) {
    case "bool":
      return toBoolean(value);
    case "int":
    case "float": {
      const number = toNumber(value);
      return inRange(number, field, field.kind === "int") ? number : undefined;
    }
    case "string":
    case "path": {
      const text = value === null ? "" : value;
      if (typeof text !== "string") return undefined;
      return field.choices && !field.choices.includes(text) ? undefined : text;
    }
    case "paths": {
      const list = typeof value === "string" && value !== "" ? [value] : value ?? [];
      return Array.isArray(list) && list.every((item) => typeof item === "string")
        ? list
        : undefined;
    }
    case "ints":
    case "floats": {
      const list = toList(value);
      if (!Array.isArray(list)) return undefined;
      if (field.length !== undefined && list.length !== field.length) return undefined;
      const numbers = list.map(toNumber);
      return numbers.every((item) => inRange(item, field, field.kind === "ints"))
        ? numbers
        : undefined;
    }
  }
}
