import { visible } from "../../formats/visible.ts";

/**
 * Words as a POSIX shell reads them back: quoted where they hold more than plain characters, and as `$'...'` where those are
 * characters that a terminal would obey.
 */
export function shellWords(words: readonly string[]): string {
  return words.map((word) => {
    if (/^[\w@%+=:,./-]+$/.test(word)) return word;
    if (visible(word) === word) return `'${word.replaceAll("'", `'\\''`)}'`;
    return `$'${visible(word.replace(/[\\']/g, "\\$&"))}'`;
  }).join(" ");
}
