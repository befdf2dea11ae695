import { assertEquals, assertThrows } from "@std/assert";
import type { ReduceOptions } from "../../../src/ops/reduce/sum.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { numel, type Shape, stridesOf } from "../../../src/tensor/shape.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { assertClose, values } from "../../helpers.ts";

/** Shapes and dimensions: one element, odd sizes, whole vec4, runs apart, sums long enough to be cut. */
export const CASES: readonly { shape: Shape; dims?: number | readonly number[] }[] = [
  { shape: [] },
  { shape: [1] },
  { shape: [7] },
  { shape: [3, 5], dims: 0 },
  { shape: [3, 5], dims: -1 },
  { shape: [4, 8], dims: 1 },
  { shape: [4, 8], dims: [0] },
  { shape: [2, 3, 4], dims: 1 },
  { shape: [5, 3, 7, 7], dims: [2, 3] },
  { shape: [3, 2, 5, 4], dims: [0, 2, 3] },
  { shape: [3, 2, 5, 4], dims: [3, 1] },
  { shape: [2, 1, 3, 1], dims: [1, 3] },
  { shape: [5003] },
  { shape: [3, 5000], dims: 1 },
  { shape: [5001, 3], dims: 0 },
  { shape: [2, 4100, 4], dims: 1 },
];

/** For every element of `x` the index of the result it goes into. */
export function targets(shape: Shape, dims?: number | readonly number[]): number[] {
  const given = dims === undefined ? shape.map((_, d) => d) : [dims].flat();
  const gone = new Set(given.map((d) => d < 0 ? d + shape.length : d));
  const kept = shape.map((size, d) => gone.has(d) ? 1 : size);
  const [from, to] = [stridesOf(shape), stridesOf(kept)];
  return Array.from(
    { length: numel(shape) },
    (_, e) =>
      shape.reduce(
        (at, size, d) => at + (gone.has(d) ? 0 : (Math.floor(e / from[d]) % size) * to[d]),
        0,
      ),
  );
}

/** The elements that go into each result. */
export function grouped(x: Float32Array, to: readonly number[]): number[][] {
  const groups: number[][] = [];
  x.forEach((value, e) => (groups[to[e]] ??= []).push(value));
  return groups;
}

/**
 * Checks a reduction and its gradient on every case.
 *
 * @param value the result for a group of elements
 * @param slope the derivative of that by one element of it
 */
export async function checkReduction(
  op: (x: Tensor, options?: ReduceOptions) => Tensor,
  value: (group: readonly number[]) => number,
  slope: (element: number, group: readonly number[]) => number,
  cases: typeof CASES = CASES,
): Promise<void> {
  for (const { shape, dims } of cases) {
    const data = values("x", shape);
    const x = tensor(data, shape, { requiresGrad: true });
    const to = targets(shape, dims);
    const groups = grouped(data, to);
    const y = op(x, { dims, keepDims: true });
    const message = `${shape} over ${dims}:`;
    assertClose(await y.data(), groups.map(value), 1e-5, message);
    const weights = values("dy", y.shape);
    y.backward({ gradient: tensor(weights, y.shape) });
    const expected = Array.from(data, (v, e) => slope(v, groups[to[e]]) * weights[to[e]]);
    assertClose(await x.grad!.data(), expected, 1e-5, `gradient of ${message}`);
    assertEquals(x.grad!.shape, x.shape);
  }
}

/** Checks shapes, refusals and that two runs give the same bits. */
export async function checkReductionRules(
  op: (x: Tensor, options?: ReduceOptions) => Tensor,
): Promise<void> {
  const x = tensor(values("x", [3, 2, 5]), [3, 2, 5]);
  assertEquals(op(x).shape, []);
  assertEquals(op(x, { dims: [] }).shape, []);
  assertEquals(op(x, { dims: [0, -1] }).shape, [2]);
  assertEquals(op(x, { dims: 1, keepDims: true }).shape, [3, 1, 5]);
  assertThrows(() => op(x, { dims: 3 }), RangeError, "out of range");
  assertThrows(() => op(x, { dims: [0, -3] }), RangeError, "twice");
  assertThrows(() => op(tensor(Int32Array.of(1, 2))), TypeError, "int32");
  const long = tensor(values("long", [70_001]));
  assertEquals(await op(long).data(), await op(long).data());
}
