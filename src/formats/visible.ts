/** Longest name or text that errors show, in characters. */
export const LONGEST_SHOWN = 80;

/** A text without what moves the cursor of a terminal or colours it. */
export function visible(text: string): string {
  // deno-lint-ignore no-control-regex -- control characters are what it looks for
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
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
