import { assertEquals, assertThrows } from "@std/assert";
import { scatterAdd } from "../../../src/ops/indexing/scatter_add.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { numel, type Shape, stridesOf } from "../../../src/tensor/shape.ts";
import {
  assertClose,
  checkGradients,
  device,
  EXACT_DIFFERENCES,
  labels,
  values,
} from "../../helpers.ts";
import { positionOf } from "../elementwise/elementwise_cases.ts";

await device();

const CASES: readonly (readonly [Shape, number, Shape])[] = [
  [[6], 0, [50]],
  [[3, 4], 1, [3, 9]],
  [[5, 2, 3], 0, [7, 2, 3]],
  [[2, 3, 70], 1, [2, 1, 70]],
];

Deno.test("scatterAdd() adds where the index points, the same bits every time", async () => {
  for (const [shape, dim, indexShape] of CASES) {
    const [x, source] = [values("x", shape), values("source", indexShape)];
    const index = labels("index", source.length, shape[dim]);
    const expected = Float64Array.from(x);
    index.forEach((target, i) => {
      const position = positionOf(i, indexShape).map((where, d) => d === dim ? target : where);
      const strides = stridesOf(shape);
      expected[position.reduce((at, where, d) => at + where * strides[d], 0)] += source[i];
    });
    const run = () =>
      scatterAdd(tensor(x, shape), dim, tensor(index, indexShape), tensor(source, indexShape));
    const y = await run().data();
    assertClose(y, expected, 1e-6);
    assertEquals(await run().data(), y);
  }
});

Deno.test("scatterAdd() refuses indices out of range", () => {
  for (const bad of [-1, 2]) {
    const index = tensor(Int32Array.of(0, bad));
    const add = () => scatterAdd(tensor([1, 2]), 0, index, tensor([10, 20]));
    assertThrows(add, RangeError, `an index of ${bad}, element 1`);
  }
});

Deno.test("scatterAdd() has the gradients of central differences", async () => {
  const [shape, dim, indexShape] = CASES[1];
  const index = tensor(labels("index", numel(indexShape), shape[dim]), indexShape);
  await checkGradients((x, source) => scatterAdd(x, dim, index, source).pow(2), [
    { shape, data: values("x", shape) },
    { shape: indexShape, data: values("source", indexShape) },
  ], { tolerance: EXACT_DIFFERENCES });
});

Deno.test("scatterAdd() refuses wrong dtypes and shapes", () => {
  const x = tensor([1, 2]);
  const index = tensor(Int32Array.of(0));
  assertThrows(() => scatterAdd(x, 0, x, x), TypeError, "an index of int32 or uint32");
  assertThrows(() => scatterAdd(x, 0, index, index), TypeError, "float32 tensors, not int32");
  assertThrows(() => scatterAdd(x, 0, index, x), RangeError, "must have one shape");
});
