/** What takes no column of a terminal: combining marks, joiners and selectors of a variant. */
const NO_COLUMN = /^[\p{Mn}\p{Me}\u200b-\u200d\ufe0e\ufe0f]$/u;
/** What takes two: East Asian wide characters and pictures. */
const TWO_COLUMNS =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation})$/u;

/** Between two parts of a line. */
const GAP = "  ";
/** What a command's second line stands behind. */
const COMMAND_INDENT = "    ";
/** A line with a command to type. */
const COMMAND = /^\s+(?:deno (?:task|run)|wkd) \S/;
/** A word of a command, with the quotes in it. */
const COMMAND_WORD = /(?:'[^']*'|[^\s'])+/g;
/** What cannot be broken: rows of tables, and JSON. */
const WHOLE = /^\s*(?:\||[\[{}\]]|"[^"]*": )/;

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
  for (;;) {
    const line = parts.map(textOf).filter(Boolean).join(GAP);
    if (textWidth(line) <= columns) return line;
    const ranks = parts.map(({ shorter }, i) => shorter[taken[i]]?.[0] ?? -Infinity);
    const next = ranks.indexOf(Math.max(...ranks));
    if (ranks[next] === -Infinity) return cutText(line, columns);
    taken[next]++;
  }
}

/**
 * A text whose lines are not longer than a terminal's: prose is broken between words, below where it began; a command to type
 * is broken as shells read it. Words that are longer themselves, tables and JSON stay whole.
 */
export function wrapText(text: string, columns: number): string {
  return text.split("\n").map((line) => {
    if (textWidth(line) <= columns || WHOLE.test(line)) return line;
    return COMMAND.test(line) ? wrapCommand(line, columns) : wrapProse(line, columns);
  }).join("\n");
}

function wrapProse(line: string, columns: number): string {
  const [label] = /^\s*\S+(?: \S+){0,3} {2,}(?=\S)/.exec(line) ?? [];
  const [indent] = /^\s*/.exec(line)!;
  const hang = label && label.length <= columns / 3 ? label.length : indent.length;
  const start = line.slice(0, Math.max(hang, indent.length));
  const words = line.slice(start.length).split(/(?<=\S) (?=\S)/);
  return fill(words, columns, { start, next: " ".repeat(hang), end: "" });
}

function wrapCommand(line: string, columns: number): string {
  const [start] = /^\s*/.exec(line)!;
  const words = line.slice(start.length).match(COMMAND_WORD) ?? [];
  // An option stays with its value, and a key with its.
  const pairs = words.reduce<string[]>((all, word, i) => {
    const before = words[i - 1] ?? "";
    const joins = /^-/.test(before) && !/^-/.test(word) || /^[A-Z_]+\.[A-Z_.0-9]+$/.test(before);
    if (joins) all[all.length - 1] += ` ${word}`;
    else all.push(word);
    return all;
  }, []);
  return fill(pairs, columns, { start, next: start + COMMAND_INDENT, end: " \\" });
}

interface Filling {
  /** Before the first line. */
  readonly start: string;
  /** Before the others. */
  readonly next: string;
  /** Behind all but the last. */
  readonly end: string;
}

function fill(words: readonly string[], columns: number, { start, next, end }: Filling): string {
  const lines: string[] = [];
  let line = start;
  let empty = true;
  for (const [i, word] of words.entries()) {
    const longer = line + (empty ? "" : " ") + word;
    const room = i === words.length - 1 ? columns : columns - end.length;
    if (!empty && textWidth(longer) > room) {
      lines.push(line + end);
      line = next + word;
    } else line = longer;
    empty = false;
  }
  return [...lines, line].join("\n");
}

/**
 * A help text: paragraphs, whose lines are filled anew, and lines that are indented or end in a colon, which stay as they
 * are; nothing longer than `columns`.
 */
export function fillText(text: string, columns: number): string {
  const stays = (line: string) => /^\s|^$|:$/.test(line);
  const lines = text.split("\n").reduce<string[]>((all, line) => {
    const before = all.at(-1);
    if (before === undefined || stays(line) || stays(before)) all.push(line);
    else all[all.length - 1] = `${before} ${line}`;
    return all;
  }, []);
  return wrapText(lines.join("\n"), columns);
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
