import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { sumTo } from "../../../src/ops/reduce/sum_to.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { checkGradients, device, EXACT_DIFFERENCES, values } from "../../helpers.ts";

await device();

Deno.test("sumTo() sums over repeated dimensions", async () => {
  const x = tensor([[1, 2, 3], [4, 5, 6]]);
  for (
    const [shape, expected] of [
      [[3], [5, 7, 9]],
      [[1, 3], [5, 7, 9]],
      [[2, 1], [6, 15]],
      [[], [21]],
      [[1, 1], [21]],
    ]
  ) {
    const y = sumTo(x, shape);
    assertEquals(y.shape, shape);
    assertEquals([...await y.data()], expected);
  }
});

Deno.test("sumTo() returns the tensor itself when nothing is repeated", () => {
  const x = tensor([[1, 2]]);
  assertStrictEquals(sumTo(x, [1, 2]), x);
  assertEquals(sumTo(x, [2]).shape, [2]);
});

Deno.test("sumTo() has the gradient of central differences", async () => {
  const data = values("x", [2, 3, 4]);
  await checkGradients((x) => sumTo(x, [3, 1]), [{ shape: [2, 3, 4], data }], {
    tolerance: EXACT_DIFFERENCES,
  });
});

Deno.test("sumTo() refuses shapes that do not broadcast to that of the tensor", () => {
  const x = tensor([[1, 2, 3]]);
  for (const shape of [[2], [3, 1, 3], [2, 3]]) {
    assertThrows(() => sumTo(x, shape), RangeError);
  }
});
