import { shown } from "../formats/visible.ts";
import { ConfigError } from "./config.ts";

/** Longest YAML text that is read, in bytes; a configuration of every key has 4 KiB. */
export const LONGEST_YAML = 2 ** 18;

/** Encodings by the bytes that a text may begin with, as PyYAML knows them. */
const MARKS: readonly [string, readonly number[]][] = [
  ["utf-8", [0xef, 0xbb, 0xbf]],
  ["utf-16le", [0xff, 0xfe]],
  ["utf-16be", [0xfe, 0xff]],
];

/**
 * The text of a YAML file: UTF-8, or UTF-16 with a byte order mark.
 *
 * @param source the file's name, for error messages
 * @throws {ConfigError} naming the line of the first bytes that are neither
 */
export function decodeYaml(bytes: Uint8Array<ArrayBuffer>, source: string): string {
  const [encoding] = MARKS.find(([, mark]) => mark.every((byte, i) => bytes[i] === byte)) ??
    ["utf-8"];
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new ConfigError(
      encoding === "utf-8"
        ? `${source}, line ${firstWrongLine(bytes)}: this is not UTF-8; save the file as UTF-8`
        : `${source}, line 1: the file begins as ${encoding.toUpperCase()} but is not all of it; save it as UTF-8`,
    );
  }
}

/** The first line, from 1, that is not UTF-8: no character goes over the end of a line. */
function firstWrongLine(bytes: Uint8Array<ArrayBuffer>): number {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for (let line = 1, start = 0;; line++) {
    const found = bytes.indexOf(0x0a, start);
    try {
      decoder.decode(bytes.subarray(start, found < 0 ? bytes.length : found));
    } catch {
      return line;
    }
    start = found + 1;
  }
}

const LONGEST = 60;

/** A parsed value as JSON shows it, cut after 60 characters; whatever it holds, no more than that is written out. */
export function brief(value: unknown): string {
  return shown(write(value, LONGEST), LONGEST);
}

function write(value: unknown, room: number): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, LONGEST + 1));
  if (typeof value !== "object" || value === null) return String(value);
  const list = Array.isArray(value);
  const keys = Object.keys(value);
  let text = "";
  for (const key of keys.slice(0, LONGEST)) {
    if (text.length > room) break;
    const item = room > 0 ? write(value[key as keyof typeof value], room - text.length - 2) : "";
    text += `${text && ","}${list ? "" : `${write(key, 0)}:`}${item}`;
  }
  return list ? `[${text}]` : `{${text}}`;
}
