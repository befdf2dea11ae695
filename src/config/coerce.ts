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
  const { kind, choices } = field;
  if (choices && kind !== "floats") return `one of ${choices.join(", ")}`;
  const bounds: string[] = [];
  if (field.above !== undefined) bounds.push(`greater than ${field.above}`);
  if (field.min !== undefined) bounds.push(`of at least ${field.min}`);
  if (field.max !== undefined) bounds.push(`of at most ${field.max}`);
  if (field.below !== undefined) bounds.push(`less than ${field.below}`);
  const range = bounds.length ? ` ${bounds.join(" and ")}` : "";
  const or = takesAuto(field) ? "auto or " : "";
  switch (field.kind) {
    case "bool":
      return `${takesAuto(field) ? "auto, " : ""}true or false`;
    case "int":
      return `${or}an integer${range}`;
    case "float":
      return `${or}a number${range}`;
    case "ints":
    case "floats":
      return `${choices ? `one of ${choices.join(", ")}, or ` : ""}a list of ${
        field.length === undefined ? "" : `${field.length} `
      }${field.kind === "ints" ? "integers" : "numbers"}${range}${
        field.ascending ? " in ascending order" : ""
      }, such as "${field.kind === "ints" ? "[1, 2]" : "[0.9, 0.999]"}"`;
    case "string":
      return "a text (quote it if it looks like a number)";
    case "path":
      return "a path, a text (quote it if it looks like a number)";
    case "paths":
      return 'a list of paths, such as "[a.ts, b.ts]"';
    case "texts":
      return 'a list of texts, such as "[a, b]"';
    case "factors":
      return `a number${range} for each text, such as '{"a": 0.1, "b": 10}'`;
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

/** Texts that a list of YAML cannot hold unquoted, such as `[*.bn1, conv1]`. */
function toTexts(value: string): string[] {
  const inner = /^\s*[([](.*)[)\]]\s*$/s.exec(value)?.[1] ?? value;
  const items = inner.split(",").map((item) => item.trim().replace(/^(["'])(.*)\1$/, "$2"));
  return items.at(-1) === "" ? items.slice(0, -1) : items;
}

/** The same of numbers by texts, such as `{*.bn1: 0.1, fc: 10}`. */
function toFactors(value: unknown, field: AnyField): Record<string, number> | undefined {
  const pairs: [string, unknown][] | null = typeof value === "string"
    ? toTexts(value.replace(/^\s*\{(.*)\}\s*$/s, "$1")).map((item) => {
      const [, text = "", number] = /^["']?(.*?)["']?\s*:\s*([^:]*)$/.exec(item) ?? [];
      return [text, number];
    })
    : typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.entries(value)
    : null;
  const numbers = pairs?.map(([text, number]) => [text, toNumber(number)] as const);
  return numbers?.every(([text, number]) => text !== "" && inRange(number, field, false))
    ? Object.fromEntries(numbers) as Record<string, number>
    : undefined;
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
    case "texts": {
      const list = typeof value === "string" ? toTexts(value) : value ?? [];
      return Array.isArray(list) && list.every((item) => typeof item === "string" && item !== "")
        ? list
        : undefined;
    }
    case "factors":
      return toFactors(value ?? {}, field);
    case "ints":
    case "floats": {
      if (typeof value === "string" && field.choices?.includes(value)) return value;
      const list = toList(value);
      if (!Array.isArray(list)) return undefined;
      if (field.length !== undefined && list.length !== field.length) return undefined;
      const numbers = list.map(toNumber);
      if (
        field.ascending && numbers.some((item, i) => (numbers[i - 1] as number) > (item as number))
      ) {
        return undefined;
      }
      return numbers.every((item) => inRange(item, field, field.kind === "ints"))
        ? numbers
        : undefined;
    }
  }
}
