import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { argmax } from "../../../src/ops/reduce/argmax.ts";
import { gather } from "../../../src/ops/indexing/gather.ts";
import { tensor, zeros } from "../../../src/tensor/create.ts";
import { numel, type Shape, stridesOf } from "../../../src/tensor/shape.ts";
import { checkGradients, device, EXACT_DIFFERENCES, labels, values } from "../../helpers.ts";
import { positionOf } from "../elementwise/elementwise_cases.ts";

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

Deno.test("gather() refuses an index out of range at once where the host knows it", () => {
  const x = tensor([1, 2]);
  for (const bad of [-1, 2, 2 ** 31 - 1]) {
    assertThrows(
      () => gather(x, 0, tensor(Int32Array.of(1, bad))),
      RangeError,
      `gather() by an index of ${bad}, element 1: 0 to 1 is wanted`,
    );
  }
});

Deno.test("gather() by an index that the device computed fails with the next read-back", async () => {
  const x = tensor([1, 2]);
  const index = argmax(tensor([[0, 1, 2], [2, 1, 0], [0, 0, 3]]), 1);
  const y = gather(x, 0, index);
  await assertRejects(
    () => y.data(),
    RangeError,
    "gather() by an index that was computed on the device, element 0: 0 to 1 is wanted",
  );
  assertEquals([...await gather(x, 0, argmax(tensor([[1, 2]]), 1)).data()], [2]);
});

Deno.test("gather() in a recording refuses indices that are written for a replay", async () => {
  const x = tensor([1, 2, 3]);
  const index = tensor(Int32Array.of(0, 2));
  const total = zeros([2]);
  const recording = await x.gpu.record(() => {
    total.zero_().add_(gather(x, 0, index));
  });
  index.copy_(Int32Array.of(2, 1));
  recording.replay();
  assertEquals([...await total.data()], [3, 2]);
  assertThrows(() => index.copy_(Int32Array.of(0, 3)), RangeError, "index of 3, element 1");
  recording.dispose();
});

Deno.test("gather() refuses an index of floats or of a shape that does not fit", () => {
  const x = tensor([[1, 2], [3, 4]]);
  assertThrows(() => gather(x, 0, tensor([[0]])), TypeError, "an index of int32 or uint32");
  const index = tensor(Int32Array.of(0, 0, 0), [1, 3]);
  assertThrows(() => gather(x, 0, index), RangeError, "must not be larger");
  assertThrows(() => gather(x, 0, tensor(Int32Array.of(0))), RangeError);
});
