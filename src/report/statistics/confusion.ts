import type { Cell } from "../client/bytes.ts";
import { clusteredOrder } from "./clustered_order.ts";

/** How a model did on the images of one class. */
export interface ClassScore {
  /** Images of the class. */
  readonly images: number;
  /** Those that were found. */
  readonly right: number;
}

/** Classes that were taken for one another. */
export interface Confusion {
  /** The images' class. */
  readonly from: number;
  /** The class that was found. */
  readonly to: number;
  /** How often. */
  readonly count: number;
}

/**
 * The cells of a confusion matrix that are not 0, in the order of the matrix.
 *
 * @param labels class of each image
 * @param predicted class that was found; one below 0 counts nowhere
 */
export function confusionCells(
  labels: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classes: number,
): Cell[] {
  const counts = new Map<number, number>();
  for (let i = 0; i < labels.length; i++) {
    if (predicted[i] < 0) continue;
    const at = labels[i] * classes + predicted[i];
    counts.set(at, (counts.get(at) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => a - b)
    .map(([at, count]) => [Math.floor(at / classes), at % classes, count]);
}

/** How a model did on each class. */
export function classScores(
  labels: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classes: number,
): ClassScore[] {
  const [images, right] = [new Uint32Array(classes), new Uint32Array(classes)];
  for (let i = 0; i < labels.length; i++) {
    images[labels[i]]++;
    if (predicted[i] === labels[i]) right[labels[i]]++;
  }
  return Array.from(images, (count, label) => ({ images: count, right: right[label] }));
}

/** The classes that were taken for others most often. */
export function worstConfusions(cells: readonly Cell[], most: number): Confusion[] {
  return cells.filter(([from, to]) => from !== to)
    .sort(([, , a], [, , b]) => b - a).slice(0, most)
    .map(([from, to, count]) => ({ from, to, count }));
}

/** Classes in an order in which those that are taken for one another stand together. */
export function confusionOrder(cells: readonly Cell[], classes: number): number[] {
  const totals = new Float64Array(classes);
  for (const [from, , count] of cells) totals[from] += count;
  const rates = new Map(
    cells.map(([from, to, count]) => [from * classes + to, count / totals[from]]),
  );
  const near = (a: number, b: number) =>
    (rates.get(a * classes + b) ?? 0) + (rates.get(b * classes + a) ?? 0);
  return clusteredOrder(classes, (a, b) => 1 - near(a, b));
}

/** A matrix of counts as a table for other programs: the classes' names above, and before each row. */
export function confusionCsv(cells: readonly Cell[], classes: readonly string[]): string {
  const quoted = (text: string) => /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  const rows = classes.map(() => new Uint32Array(classes.length));
  for (const [from, to, count] of cells) rows[from][to] = count;
  const lines = rows.map((row, i) => [quoted(classes[i]), ...row].join(","));
  return [["true \\ found", ...classes.map(quoted)].join(","), ...lines, ""].join("\n");
}
