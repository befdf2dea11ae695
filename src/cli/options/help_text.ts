import { fillText } from "../../logging/wrap.ts";
import { terminalColumns } from "../../logging/terminal.ts";

/** Longer lines are hard to read, however wide the terminal is. */
const WIDEST = 100;
/** Columns where there is no terminal. */
const PLAIN = 80;

/** Columns of the help. */
export function helpColumns(): number {
  return Deno.stdout.isTerminal() ? Math.min(terminalColumns(), WIDEST) : PLAIN;
}

/**
 * What stands below a command's options: paragraphs, filled anew to the terminal's width, and examples, which are indented.
 */
export function helpText(text: string): () => string {
  return () => fillText(text, helpColumns());
}
