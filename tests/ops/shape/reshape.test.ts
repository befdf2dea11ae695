import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { reshape } from "../../../src/ops/shape/reshape.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { checkGradients, device, EXACT_DIFFERENCES, values } from "../../helpers.ts";

await device();

Deno.test("reshape() shows the same memory with another shape", async () => {
  const x = tensor([[1, 2, 3], [4, 5, 6]]);
  const y = reshape(x, [3, -1]);
  assertEquals(y.shape, [3, 2]);
  assertStrictEquals(y.storage, x.storage);
  x.copy_(Float32Array.of(6, 5, 4, 3, 2, 1));
  assertEquals([...await y.data()], [6, 5, 4, 3, 2, 1]);
});

Deno.test("reshape() keeps the dtype", () => {
  assertEquals(reshape(tensor(Int32Array.of(1, 2)), [2, 1]).dtype, "int32");
});

Deno.test("reshape() has the gradient of central differences", async () => {
  const data = values("x", [2, 6]);
  await checkGradients((x) => reshape(x, [3, 4]).mul(x.reshape(3, 4)), [{ shape: [2, 6], data }], {
    tolerance: EXACT_DIFFERENCES,
  });
});

Deno.test("reshape() refuses another number of elements", () => {
  const x = tensor([1, 2, 3]);
  assertThrows(() => reshape(x, [2, 2]), RangeError, "3 elements do not fit shape [2, 2]");
  assertThrows(() => reshape(x, [2, -1]), RangeError);
  assertThrows(() => reshape(x, [-1, -1]), RangeError);
});
