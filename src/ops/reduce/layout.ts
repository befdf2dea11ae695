import { normalizeDim, numel, type Shape } from "../../tensor/shape.ts";

/** A contiguous tensor seen as [outer, count, inner], to be reduced over `count`. */
export interface ReduceLayout {
  /** Elements before the reduced dimensions. */
  readonly outer: number;
  /** Elements that become one. */
  readonly count: number;
  /** Elements after the reduced dimensions. */
  readonly inner: number;
}

/** What a reduction does to a shape. */
export interface ReducePlan {
  /** The dimensions that are reduced, ascending. */
  readonly dims: readonly number[];
  /** Elements that become one. */
  readonly count: number;
  /** Shape of the result. */
  readonly shape: Shape;
  /** Shape of the result with the reduced dimensions kept as 1. */
  readonly kept: Shape;
}

/**
 * Works out which dimensions go; none given means all, as in PyTorch.
 *
 * @throws RangeError for a dimension out of range or named twice.
 */
export function reducePlan(
  shape: Shape,
  dims: number | readonly number[] | undefined,
  keepDims: boolean,
): ReducePlan {
  const given = dims === undefined ? [] : typeof dims === "number" ? [dims] : dims;
  const named = given.length === 0
    ? shape.map((_, d) => d)
    : given.map((d) => normalizeDim(d, shape.length));
  const gone = new Set(named);
  if (gone.size !== named.length) {
    throw new RangeError(`dimensions [${given.join(", ")}] name one twice; name each once`);
  }
  const kept = shape.map((size, d) => gone.has(d) ? 1 : size);
  return {
    dims: [...gone].sort((a, b) => a - b),
    count: numel(shape) / numel(kept),
    shape: keepDims ? kept : shape.filter((_, d) => !gone.has(d)),
    kept,
  };
}

/**
 * Layouts that reduce `dims` of `shape` one run of neighbouring dimensions after the other, the last
 * run first. Dimensions of size 1 do not interrupt a run.
 */
export function reduceRuns(shape: Shape, dims: readonly number[]): ReduceLayout[] {
  const gone = new Set(dims);
  const runs: ReduceLayout[] = [];
  let inner = 1;
  let count = 1;
  const left = (d: number) => numel(shape.slice(0, d + 1));
  for (let d = shape.length - 1; d >= 0; d--) {
    if (shape[d] === 1) continue;
    if (gone.has(d)) {
      count *= shape[d];
      continue;
    }
    if (count > 1) runs.push({ outer: left(d), count, inner });
    inner *= shape[d];
    count = 1;
  }
  if (count > 1) runs.push({ outer: 1, count, inner });
  return runs;
}
