import { visible } from "../formats/visible.ts";
import { cutText } from "./lines.ts";

const CLEAR_LINE = "\r\x1b[2K";

/** A terminal's last line, written over again and again. */
export class StatusLine {
  readonly #write: (text: string) => void;
  readonly #columns: () => number;
  #shown = false;

  /** Writes through `write`, and cuts a line to fit `columns()`, since a wrapped line cannot be written over. */
  constructor(write: (text: string) => void, columns: () => number) {
    this.#write = write;
    this.#columns = columns;
  }

  /** Columns that a text may take. */
  get room(): number {
    return Math.max(1, this.#columns() - 1);
  }

  /** Shows a text in place of the one shown before. It leaves the cursor visible and no terminal mode changed. */
  show(text: string): void {
    this.#write(CLEAR_LINE + cutText(visible(text), this.room));
    this.#shown = true;
  }

  /** Takes the text away. */
  clear(): void {
    if (this.#shown) this.#write(CLEAR_LINE);
    this.#shown = false;
  }
}
