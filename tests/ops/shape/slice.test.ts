import { assertEquals, assertThrows } from "@std/assert";
import { slice } from "../../../src/ops/shape/slice.ts";
import { tensor } from "../../../src/tensor/create.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import { checkGradients, device, EXACT_DIFFERENCES, values } from "../../helpers.ts";
import { positionOf } from "../elementwise/elementwise_cases.ts";

await device();

const CASES: readonly (readonly [Shape, number, number, number | undefined])[] = [
  [[7, 5], 0, 2, 5],
  [[7, 5], 1, 1, 3],
  [[3, 8, 4], 1, 2, 7],
  [[2, 3, 5], -1, 4, undefined],
  [[9], 0, -3, -1],
  [[6], 0, 0, 6],
  [[4, 2048], 1, 1024, 2048],
];

Deno.test("slice() takes a range of one dimension", async () => {
  for (const [shape, dim, start, end] of CASES) {
    const x = values("x", shape);
    const d = dim < 0 ? dim + shape.length : dim;
    const from = start < 0 ? start + shape[d] : start;
    const to = end === undefined ? shape[d] : end < 0 ? end + shape[d] : end;
    const expected = x.filter((_, i) => {
      const where = positionOf(i, shape)[d];
      return where >= from && where < to;
    });
    const y = slice(tensor(x, shape), dim, start, end);
    assertEquals(y.shape, shape.map((n, i) => i === d ? to - from : n));
    assertEquals(await y.data(), expected, `${shape} ${dim} ${start} ${end}`);
  }
});

Deno.test("slice() keeps integers", async () => {
  assertEquals(await slice(tensor(Int32Array.of(7, -8, 9)), 0, 1).data(), Int32Array.of(-8, 9));
});

Deno.test("slice() has the gradient of central differences", async () => {
  for (const [shape, dim, start, end] of CASES.slice(0, 6)) {
    const input = { shape, data: values("x", shape) };
    await checkGradients((x) => slice(x, dim, start, end).pow(2), [input], {
      samples: 6,
      tolerance: EXACT_DIFFERENCES,
    });
  }
});

Deno.test("slice() refuses empty ranges and those outside", () => {
  const x = tensor([1, 2, 3]);
  for (const [start, end] of [[1, 1], [2, 1], [0, 4], [-4, 2], [0.5, 2]]) {
    assertThrows(() => slice(x, 0, start, end), RangeError, "is empty or out of range");
  }
  assertThrows(() => slice(x, 1, 0), RangeError, "dimension 1 is out of range");
});
