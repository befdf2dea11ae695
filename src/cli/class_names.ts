import { UserError } from "../errors.ts";
import { ioReason } from "../formats/io_reason.ts";
import { readRegularFile } from "../formats/read_file.ts";

/** Larger files are no lists of names. */
const LARGEST = 2 ** 26;

/**
 * Class names out of a file, in the order of the labels: a text with a name on each line, a JSON array of names, or a JSON
 * object by number, also that of ImageNet's `{"0": ["n01440764", "tench"], ...}`, of which the last word is taken.
 *
 * @throws UserError where the file cannot be read or is neither
 */
export function readClassNames(path: string): readonly string[] {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(readRegularFile(path, LARGEST));
  } catch (error) {
    const reason = error instanceof TypeError ? "it is no UTF-8 text" : ioReason(error);
    throw new UserError(`cannot read the class names ${path}: ${reason}`);
  }
  const names = /^\s*[[{]/.test(text) ? jsonNames(text, path) : lines(text);
  const empty = names.findIndex((name) => name.trim() === "");
  if (names.length > 0 && empty < 0) return names;
  throw new UserError(
    names.length === 0
      ? `${path} has no class names; it wants one on each line`
      : `${path} has no name for class ${empty}; it wants one on each line, in the order of the labels`,
  );
}

function lines(text: string): string[] {
  return text.replace(/\s+$/, "").split(/\r?\n/).map((line) => line.trim())
    .filter((line, _, all) => all.length > 1 || line !== "");
}

function jsonNames(text: string, path: string): string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UserError(`${path} is no JSON: ${(error as Error).message}`);
  }
  const list = Array.isArray(value) ? value : byNumber(value as Record<string, unknown>);
  const names = list?.map((entry) => Array.isArray(entry) ? entry.at(-1) : entry);
  if (names?.every((name) => typeof name === "string")) return names;
  throw new UserError(
    `${path} is no list of class names: JSON of them is ["cat", "dog"] or {"0": "cat", "1": "dog"}`,
  );
}

/** The values under `0`, `1` and so on; null where one is missing. */
function byNumber(value: Record<string, unknown>): unknown[] | null {
  const { length } = Object.keys(value);
  const list = Array.from({ length }, (_, label) => value[label]);
  return list.includes(undefined) ? null : list;
}
