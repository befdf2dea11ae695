import { toBase64 } from "../client/bytes.ts";
import type { HeatData } from "../client/page_data.ts";

/** Most rows and columns of a heat map; more are drawn as the means of blocks. */
export const MOST_CELLS = 200;

/**
 * Numbers as the picture of a page, where NaN is nothing.
 *
 * @param matrix [rows, columns] in row-major order
 * @param columnNames null where they are the rows'
 * @param range the numbers of the first and the last colour; default the smallest and the largest
 */
export function heatData(
  matrix: ArrayLike<number>,
  rowNames: readonly string[],
  columnNames: readonly string[] | null,
  range?: readonly [number, number],
): HeatData {
  const values = Array.from(matrix).filter(Number.isFinite);
  const reduce = (better: (a: number, b: number) => number) =>
    values.length > 0 ? values.reduce(better) : 0;
  const [low, high] = range ?? [reduce((a, b) => Math.min(a, b)), reduce((a, b) => Math.max(a, b))];
  // 0 is left for what is not there.
  const bytes = Uint8Array.from(matrix, (value) => {
    if (!Number.isFinite(value)) return 0;
    const share = high > low ? (value - low) / (high - low) : 0;
    return 1 + Math.round(254 * Math.min(1, Math.max(0, share)));
  });
  return {
    ...{ rows: rowNames.length, columns: (columnNames ?? rowNames).length, low, high },
    ...{ bytes: toBase64(bytes), rowNames, ...(columnNames && { columnNames }) },
  };
}

/** A square matrix of classes, in an order, as a picture: of many classes the means of blocks of neighbours. */
export function classHeat(
  matrix: ArrayLike<number>,
  classes: readonly string[],
  order: readonly number[],
  range?: readonly [number, number],
): HeatData {
  const count = classes.length;
  const block = Math.ceil(count / MOST_CELLS);
  const size = Math.ceil(count / block);
  const [sums, cells] = [new Float64Array(size * size), new Float64Array(size * size)];
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) {
      // What a class has with itself says nothing beside others.
      if (i === j && block > 1) continue;
      const at = Math.floor(i / block) * size + Math.floor(j / block);
      sums[at] += matrix[order[i] * count + order[j]];
      cells[at]++;
    }
  }
  const names = Array.from({ length: size }, (_, at) => {
    const [first, last] = [order[at * block], order[Math.min(count, (at + 1) * block) - 1]];
    return first === last ? classes[first] : `${classes[first]} … ${classes[last]}`;
  });
  return heatData(sums.map((sum, at) => sum / cells[at]), names, null, range);
}
