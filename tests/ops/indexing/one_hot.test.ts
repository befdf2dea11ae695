import { assertEquals, assertThrows } from "@std/assert";
import { oneHot } from "../../../src/ops/indexing/one_hot.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { device, labels } from "../../helpers.ts";

await device();

Deno.test("oneHot() puts 1 at the index", async () => {
  for (const [count, classes] of [[1, 1], [5, 3], [64, 10], [100, 100]]) {
    const index = labels("index", count, classes);
    const expected = new Float32Array(count * classes);
    index.forEach((c, i) => expected[i * classes + c] = 1);
    const y = oneHot(tensor(index), classes);
    assertEquals(y.shape, [count, classes]);
    assertEquals(await y.data(), expected);
  }
});

Deno.test("oneHot() refuses an index out of range", () => {
  for (const bad of [-1, 2]) {
    assertThrows(() => oneHot(tensor(Int32Array.of(bad)), 2), RangeError, `an index of ${bad}`);
  }
});

Deno.test("oneHot() refuses floats and no classes", () => {
  assertThrows(() => oneHot(tensor([1]), 2), TypeError);
  assertThrows(() => oneHot(tensor(Int32Array.of(0)), 0), RangeError, "oneHot() of 0 classes");
});
