/** Words as a POSIX shell reads them back: quoted where they hold more than plain characters. */
export function shellWords(words: readonly string[]): string {
  return words.map((word) => {
    return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
  }).join(" ");
}
