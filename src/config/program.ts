let words: readonly string[] = ["deno", "task"];

/** The words in front of a command, in hints that can be typed: `deno task`, or `wkd` where that is installed. */
export function programWords(): readonly string[] {
  return words;
}

/** A text that names commands as `deno task ...`, with the words that they have here. */
export function withProgram(text: string): string {
  return words[0] === "deno" ? text : text.replaceAll(/\bdeno task\b/g, words.join(" "));
}

/** Says what commands are typed behind. */
export function setProgram(...name: readonly string[]): void {
  words = name;
}
