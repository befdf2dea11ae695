import { cutText, textWidth } from "./lines.ts";

/** What a command's second line stands behind. */
const COMMAND_INDENT = "    ";
/** A line with a command to type. */
const COMMAND = /^\s+(?:deno (?:task|run)|wkd) \S/;
/** A word of a command, with the quotes in it. */
const COMMAND_WORD = /(?:'[^']*'|[^\s'])+/g;
/** A line of JSON. */
const JSON_TEXT = /^\s*(?:[\[{}\]]|"[^"]*": )/;
/** Columns that a text has at least. */
const NARROWEST = 16;

/**
 * A text whose lines are not longer than a terminal's: prose is broken between words, below where it began; a command to type
 * is broken as shells read it, a table becomes narrower. Words that are longer themselves, and JSON, stay whole.
 */
export function wrapText(text: string, columns: number): string {
  return blocks(text).map((block) => {
    if (Array.isArray(block)) return narrowTable(block, columns).join("\n");
    if (textWidth(block) <= columns || JSON_TEXT.test(block)) return block;
    return COMMAND.test(block) ? wrapCommand(block, columns) : wrapProse(block, columns);
  }).join("\n");
}

/** The lines of a text, those of a table together. */
function blocks(text: string): (string | string[])[] {
  const all: (string | string[])[] = [];
  for (const line of text.split("\n")) {
    const before = all.at(-1);
    if (!line.startsWith("| ")) all.push(line);
    else if (Array.isArray(before)) before.push(line);
    else all.push([line]);
  }
  return all;
}

/** Cells of a row of a table, `| a | b |`, as they stand. */
function cellsOf(row: string): string[] {
  return row.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.slice(1, -1));
}

/** A table with too many columns for the terminal: of each row a line for its name, and its cells with their titles below. */
function records([titles, , ...rows]: readonly string[][], columns: number): string[] {
  return rows.flatMap(([name, ...cells]) => {
    const told = cells.map((cell, i) => `${titles[i + 1].trim()} ${cell.trim()}`);
    return [name.trim(), fill(told, columns, { start: "  ", next: "  ", between: "  ", end: "" })];
  });
}

/** A table whose widest column takes several lines a row where the table is wider than the terminal. */
function narrowTable(rows: readonly string[], columns: number): readonly string[] {
  const excess = Math.max(...rows.map(textWidth)) - columns;
  if (excess <= 0) return rows;
  const cells = rows.map(cellsOf);
  const widths = cells[0].map((_, i) => Math.max(...cells.map((row) => row[i].length)));
  const at = widths.indexOf(Math.max(...widths));
  const width = widths[at] - excess;
  if (width < NARROWEST) return records(cells, columns);
  return cells.flatMap((row, r) => {
    const rest = row[at].trim();
    // The rule below the titles.
    const lines = r === 1 ? [rest.slice(-width)] : pieces(rest, width);
    return lines.map((line, l) => {
      const shown = row.map((cell, i) =>
        i === at ? line.padEnd(width) : l === 0 ? cell : " ".repeat(cell.length)
      );
      return `| ${shown.join(" | ")} |`;
    });
  });
}

/** A text in pieces, each ending behind a dot, a slash or a space where there is one. */
function pieces(text: string, width: number): string[] {
  const all = [];
  for (let rest = text; rest !== "";) {
    const start = cutText(rest, width) || rest;
    const at = start === rest ? -1 : start.search(/[./ _][^./ _]*$/);
    const piece = at > 0 ? start.slice(0, at + 1) : start;
    all.push(piece.trimEnd());
    rest = rest.slice(piece.length);
  }
  return all.length > 0 ? all : [""];
}

function wrapProse(line: string, columns: number): string {
  const [label] = /^\s*\S+(?: \S+){0,3} {2,}(?=\S)/.exec(line) ?? [];
  const [indent] = /^\s*/.exec(line)!;
  const hang = label && label.length <= columns - NARROWEST ? label.length : indent.length;
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
  /** Between two words. Default a space. */
  readonly between?: string;
}

function fill(words: readonly string[], columns: number, filling: Filling): string {
  const { start, next, end, between = " " } = filling;
  const lines: string[] = [];
  let line = start;
  let empty = true;
  for (const [i, word] of words.entries()) {
    const longer = line + (empty ? "" : between) + word;
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
