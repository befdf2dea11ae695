import { visible } from "../../formats/visible.ts";

/** Tells the user something on standard error, apart from results; of names out of files no terminal obeys anything. */
export function note(message: string): void {
  console.error(visible(message));
}

/** Tells the user of something that may be wrong, as {@linkcode note} does. */
export function warn(message: string): void {
  note(`warning: ${message}`);
}
