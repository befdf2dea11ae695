import type { Command, Option } from "@commander-js/extra-typings";

/** Names of options that the field has for ours; mdistiller's `-bs` would be read as `-b s`. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ["-bs", "--batch-size"],
  ["--bs", "--batch-size"],
  ["--config", "--cfg"],
]);

/** `SECTION.KEY`, also with a value that belongs behind a space. */
const KEY = /^[A-Z][A-Z0-9_]*(\.[A-Z0-9_]+)+(=.*)?$/s;

/** Whether a word of the command line is meant as a configuration key, known or not. */
export function looksLikeKey(word: string): boolean {
  return KEY.test(word);
}

/**
 * The words of the command line as commander reads them: options under our names, and an option whose value may be left out
 * (`--per-class`) never in front of a word that is not its value, which it would take.
 *
 * @param program the commands
 * @param args the words after `mod.ts`
 */
export function commandWords(program: Command, args: readonly string[]): string[] {
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const words = args.slice(0, end).map(ourName);
  const options = commandOf(program, words).options;
  const behind: string[] = [];
  const kept = words.filter((word, i) => {
    const option = options.find(({ short, long, optional }) =>
      optional && (word === short || word === long)
    );
    const alone = option && i + 1 < words.length && !takes(option, words[i + 1]);
    if (alone) behind.push(word);
    return !alone;
  });
  return [...kept, ...behind, ...args.slice(end)];
}

function ourName(word: string): string {
  const [name] = word.split("=", 1);
  const ours = OTHER_NAMES.get(name);
  return ours ? ours + word.slice(name.length) : word;
}

/** The command that the first words name. */
function commandOf(program: Command, words: readonly string[]): Command {
  let command = program;
  for (const word of words) {
    const next = command.commands.find((each) =>
      each.name() === word || each.aliases().includes(word)
    );
    if (!next) break;
    command = next as Command;
  }
  return command;
}

/** Whether commander may have the word behind an option whose value may be left out: its value, or another option. */
function takes({ argChoices, flags }: Option, word: string): boolean {
  if (word.startsWith("-")) return true;
  if (flags.endsWith("[port]")) return /^\d+$/.test(word);
  if (/\.ya?ml$/i.test(word)) return false;
  return !looksLikeKey(word) && !(argChoices && /[./\\]/.test(word));
}
