import { assertEquals, assertThrows } from "@std/assert";
import { expand } from "../../../src/ops/shape/expand.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { checkGradients, device, EXACT_DIFFERENCES, values } from "../../helpers.ts";

await device();

Deno.test("expand() repeats dimensions of size 1", async () => {
  const y = expand(tensor([[1], [2]]), [2, 2, 3]);
  assertEquals(y.shape, [2, 2, 3]);
  assertEquals([...await y.data()], [1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2]);
});

Deno.test("expand() repeats rows of whole vec4, keeps sizes at -1 and takes integers", async () => {
  const row = values("row", [8]);
  assertEquals(await expand(tensor(row), [3, -1]).data(), Float32Array.of(...row, ...row, ...row));
  assertEquals(await expand(tensor(Int32Array.of(-4)), [3]).data(), Int32Array.of(-4, -4, -4));
});

Deno.test("expand() repeats single elements along rows of whole vec4", async () => {
  const column = values("column", [3]);
  const y = await expand(tensor(column, [3, 1]), [2, 3, 8]).data();
  assertEquals(y, Float32Array.from(y, (_, i) => column[Math.floor(i / 8) % 3]));
});

Deno.test("expand() has the gradient of central differences", async () => {
  const input = { shape: [3, 1, 2], data: values("x", [3, 1, 2]) };
  await checkGradients((x) => expand(x, [2, 3, 5, 2]).pow(2), [input], {
    tolerance: EXACT_DIFFERENCES,
  });
});

Deno.test("expand() refuses to grow sizes other than 1 and to drop dimensions", () => {
  const x = tensor([[1, 2]]);
  assertThrows(() => expand(x, [1, 4]), RangeError, "only sizes of 1 can grow");
  assertThrows(() => expand(x, [2]), RangeError);
  assertThrows(() => expand(x, [-1, 1, 2]), RangeError);
});
