/** Longest name or text that errors show, in characters. */
export const LONGEST_SHOWN = 80;

/**
 * What a terminal obeys instead of showing it, or what hides other characters: C0 and C1 controls, line separators, marks of
 * writing direction, and halves of a surrogate pair.
 */
const CONTROLS =
  // deno-lint-ignore no-control-regex -- control characters are what it looks for
  /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function escape(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x7f
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`;
}

/** A text without what moves the cursor of a terminal or colours it. */
export function visible(text: string): string {
  return text.replace(CONTROLS, escape);
}

/** A text of several lines without what moves the cursor of a terminal but its line breaks and tabs. */
export function escapeControls(text: string): string {
  return text.replace(
    CONTROLS,
    (character) => character === "\n" || character === "\t" ? character : escape(character),
  );
}

/** The beginning of a name or text out of a file, as it can be shown. */
export function shown(text: string, longest = LONGEST_SHOWN): string {
  const start = visible(text.slice(0, longest + 1));
  return start.length > longest ? `${start.slice(0, longest - 3)}...` : start;
}

/** Some names, and how many more there are. */
export function listed(names: readonly string[], most = 12): string {
  const more = names.length - most;
  const first = names.slice(0, most).map((name) => shown(name));
  return [...first, ...(more > 0 ? [`and ${more} more`] : [])].join(", ");
}
