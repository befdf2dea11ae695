/** Commander's words for a value that an option does not take; the rest says what it takes. */
const VALUE = /^error: option '(?:-\w, )?(\S+)[^']*' argument '(.*)' is invalid\. (.*)$/s;

/**
 * Commander's message about the words of the command line as one sentence.
 *
 * @param text the message, which may have line breaks
 */
export function optionError(text: string): string {
  const plain = text.trimEnd().replaceAll("\n", " ");
  const [, option, value, wanted] = VALUE.exec(plain) ?? [];
  if (option === undefined) return `${plain}; --help shows what there is`;
  const what = wanted.replace(/^Allowed choices are/, "one of").replace(/\.$/, "");
  return `error: ${option} must be ${what}; got ${value || "nothing"}`;
}
