import { assertEquals, assertThrows } from "@std/assert";
import { gather } from "../../src/ops/gather.ts";
import { tensor } from "../../src/tensor/create.ts";
import { numel, type Shape, stridesOf } from "../../src/tensor/shape.ts";
import { checkGradients, device, EXACT_DIFFERENCES, labels, values } from "../helpers.ts";
import { positionOf } from "./elementwise_cases.ts";

await device();

const CASES: readonly (readonly [Shape, number, Shape])[] = [
  [[5, 7], 1, [5, 1]],
  [[5, 7], 0, [9, 7]],
  [[2, 6, 3], 1, [2, 4, 3]],
  [[4, 5, 3], -1, [2, 3, 8]],
  [[70], 0, [1]],
];

Deno.test("gather() picks along a dimension", async () => {
  for (const [shape, dim, indexShape] of CASES) {
    const d = dim < 0 ? dim + shape.length : dim;
    const x = values("x", shape);
    const index = labels("index", numel(indexShape), shape[d]);
    const strides = stridesOf(shape);
    const expected = Float32Array.from(index, (picked, i) => {
      const position = positionOf(i, indexShape).map((where, j) => j === d ? picked : where);
      return x[position.reduce((at, where, j) => at + where * strides[j], 0)];
    });
    const y = gather(tensor(x, shape), dim, tensor(index, indexShape));
    assertEquals(y.shape, indexShape);
    assertEquals(await y.data(), expected);
  }
});

Deno.test("gather() has the gradient of central differences, summed where picked twice", async () => {
  for (const [shape, dim, indexShape] of CASES.slice(0, 4)) {
    const size = shape.at(dim)!;
    const index = tensor(labels("index", numel(indexShape), size), indexShape);
    const input = { shape, data: values("x", shape) };
    await checkGradients((x) => gather(x, dim, index).pow(2), [input], {
      samples: 8,
      tolerance: EXACT_DIFFERENCES,
    });
  }
});

Deno.test("gather() gives NaN out of range, and no gradient", async () => {
  const x = tensor([1, 2], null, { requiresGrad: true });
  const y = gather(x, 0, tensor(Int32Array.of(-1, 1, 2)));
  assertEquals([...await y.data()], [NaN, 2, NaN]);
  y.backward({ gradient: tensor([1, 1, 1]) });
  assertEquals([...await x.grad!.data()], [0, 1]);
});

Deno.test("gather() refuses an index of floats or of a shape that does not fit", () => {
  const x = tensor([[1, 2], [3, 4]]);
  assertThrows(() => gather(x, 0, tensor([[0]])), TypeError, "an index of int32 or uint32");
  const index = tensor(Int32Array.of(0, 0, 0), [1, 3]);
  assertThrows(() => gather(x, 0, index), RangeError, "must not be larger");
  assertThrows(() => gather(x, 0, tensor(Int32Array.of(0))), RangeError);
});
