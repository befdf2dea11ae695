import { visible } from "../../formats/visible.ts";

/**
 * A table in Markdown with its columns aligned, readable as plain text too. What a cell holds cannot break out of it.
 *
 * @param header titles of the columns; the first column is aligned left, the others right
 */
export function table(header: readonly string[], texts: readonly (readonly string[])[]): string {
  const rows = texts.map((row) => row.map((cell) => visible(cell).replaceAll("|", "\\|")));
  const widths = header.map((title, i) =>
    rows.reduce((width, row) => Math.max(width, row[i].length), Math.max(3, title.length))
  );
  const line = (cells: readonly string[]) =>
    `| ${
      cells.map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))
        .join(" | ")
    } |`;
  const rule = widths.map((width, i) => i === 0 ? "-".repeat(width) : "-".repeat(width - 1) + ":");
  return [line(header), line(rule), ...rows.map(line)].join("\n");
}
