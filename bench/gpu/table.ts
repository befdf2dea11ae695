import type { Row } from "./measure.ts";

/** A part's rows, and what went wrong. */
export interface PartReport {
  /** `device`, `checks` and so on. */
  readonly part: string;
  readonly rows: readonly Row[];
  /** Seconds that it took. */
  readonly seconds: number;
  /** Why it ended before its end; null where it did not. */
  readonly trouble: string | null;
}

const LONGEST = 56;

/** A part as a table in Markdown; columns are those of its rows, in the order of the first that has them. */
export function tableOf({ part, rows, seconds, trouble }: PartReport): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = rows.map((row) => columns.map((column) => cell(column, row[column])));
  const widths = columns.map((column, c) =>
    Math.max(column.length, ...cells.map((row) => row[c].length))
  );
  const left = columns.map((column) =>
    rows.every((row) => typeof (row[column] ?? "") === "string")
  );
  const line = (texts: readonly string[]) =>
    `| ${
      texts.map((text, c) => left[c] ? text.padEnd(widths[c]) : text.padStart(widths[c])).join(
        " | ",
      )
    } |`;
  const rule = `| ${
    widths.map((width, c) => left[c] ? "-".repeat(width) : "-".repeat(width - 1) + ":").join(" | ")
  } |`;
  return [
    `## ${part} (${seconds.toFixed(0)} s)`,
    "",
    ...(rows.length > 0 ? [line(columns), rule, ...cells.map(line), ""] : []),
    ...(trouble === null ? [] : [`**${trouble}**`, ""]),
  ].join("\n");
}

function cell(column: string, value: Row[string]): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "number") return String(value).slice(0, LONGEST);
  if (column === "of peak") return `${(100 * value).toFixed(1)} %`;
  if (column === "error") return value.toExponential(1);
  return Number.isInteger(value)
    ? String(value)
    : value.toPrecision(3).replace(/e\+?(-?\d+)$/, "e$1");
}
