/** What takes no column of a terminal: combining marks, joiners and selectors of a variant. */
const NO_COLUMN = /^[\p{Mn}\p{Me}\u200b-\u200d\ufe0e\ufe0f]$/u;
/** What takes two: East Asian wide characters and pictures. */
const TWO_COLUMNS =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation})$/u;

/** Between two parts of a line. */
const GAP = "  ";
function columnsOf(character: string): number {
  if (character >= " " && character <= "~") return 1;
  return NO_COLUMN.test(character) ? 0 : TWO_COLUMNS.test(character) ? 2 : 1;
}

/** Columns that a text takes in a terminal. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += columnsOf(character);
  return width;
}

/** The beginning of a text that a terminal shows in so many columns. */
export function cutText(text: string, columns: number): string {
  let [width, end] = [0, 0];
  for (const character of text) {
    width += columnsOf(character);
    if (width > columns) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** A shorter text in place of a longer one, and how soon it is taken: the largest number first. */
type Shorter = readonly [rank: number, text: string];

/** A part of a line: its text, and shorter ones for where there is no room, the last of which may be empty. */
export interface LinePart {
  /** The text, if there is room. */
  readonly text: string;
  /** What stands in its place else. */
  readonly shorter: readonly Shorter[];
}

/** Makes a {@linkcode LinePart}. */
export function part(text: string, ...shorter: readonly Shorter[]): LinePart {
  return { text, shorter };
}

/**
 * One line of parts with two spaces between them. What matters least is shortened, and left out at last, until the line is
 * not longer than `columns`.
 */
export function fitLine(parts: readonly LinePart[], columns: number): string {
  const taken = parts.map(() => 0);
  const textOf = ({ text, shorter }: LinePart, i: number) =>
    taken[i] === 0 ? text : shorter[taken[i] - 1][1];
  const line = () => parts.map(textOf).filter(Boolean).join(GAP);
  const fits = () => textWidth(line()) <= columns;
  const steps = parts.flatMap(({ shorter }, i) => shorter.map(([rank], at) => ({ rank, i, at })))
    .sort((a, b) => b.rank - a.rank);
  const done = [];
  for (const step of steps) {
    if (fits()) break;
    taken[step.i] = step.at + 1;
    done.push(step);
  }
  // What was shortened before something longer was left out may have room again.
  for (const { i, at } of done.reverse()) {
    if (taken[i] !== at + 1) continue;
    taken[i] = at;
    if (!fits()) taken[i] = at + 1;
  }
  return cutText(line(), columns);
}

const BLOCKS = "▁▂▃▄▅▆▇█";

/** Numbers as a row of blocks from the least to the largest; of more than `width`, as many from first to last. */
export function sparkline(values: readonly number[], width: number): string {
  const count = Math.min(width, values.length);
  const shown = Array.from({ length: count }, (_, i) => {
    return values[Math.round(i * (values.length - 1) / Math.max(1, count - 1))];
  }).filter(Number.isFinite);
  const [low, high] = [Math.min(...shown), Math.max(...shown)];
  return shown.map((value) => {
    const at = high > low ? (value - low) / (high - low) : 0.5;
    return BLOCKS[Math.round(at * (BLOCKS.length - 1))];
  }).join("");
}
