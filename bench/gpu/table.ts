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
    `## ${part}${seconds > 0 ? ` (${seconds.toFixed(0)} s)` : ""}`,
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
  if (Math.abs(value) >= 1000) return String(Math.round(value));
  return Number.isInteger(value)
    ? String(value)
    : value.toPrecision(3).replace(/e\+?(-?\d+)$/, "e$1");
}

/** What of ours goes beside what of PyTorch's. */
const PAIRS = [["float32", "float32"], ["float32", "TF32"], ["mixed", "autocast"]] as const;

/** Our images a second over PyTorch's of the same step on the same card, with the fastest kernels that were measured. */
export function ratios(reports: readonly PartReport[]): Row[] {
  const rowsOf = (part: string) => reports.find((report) => report.part === part)?.rows ?? [];
  const steps = rowsOf("steps");
  const rate = (rows: readonly Row[], step: Row["step"], precision: string) =>
    Math.max(
      0,
      ...rows.filter((row) => row.step === step && row.precision === precision)
        .map((row) => Number(row["images/s"] ?? 0)),
    );
  const names = new Set(steps.filter((row) => row.precision).map(({ step }) => step));
  return [...names].flatMap((step) =>
    PAIRS.flatMap(([own, theirs]) => {
      const [ours, torch] = [rate(steps, step, own), rate(rowsOf("torch"), step, theirs)];
      if (ours === 0 || torch === 0) return [];
      return [{ step, ours: own, PyTorch: theirs, "ours / PyTorch": ours / torch }];
    })
  );
}
