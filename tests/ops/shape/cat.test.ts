import { assertEquals, assertThrows } from "@std/assert";
import { cat } from "../../../src/ops/shape/cat.ts";
import { tensor } from "../../../src/tensor/create.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import { checkGradients, device, EXACT_DIFFERENCES, values } from "../../helpers.ts";

await device();

Deno.test("cat() puts tensors one after the other", async () => {
  const a = tensor([[1, 2], [3, 4]]);
  const b = tensor([[5, 6]]);
  const y = cat([a, b, a]);
  assertEquals(y.shape, [5, 2]);
  assertEquals([...await y.data()], [1, 2, 3, 4, 5, 6, 1, 2, 3, 4]);
});

Deno.test("cat() interleaves along inner dimensions", async () => {
  const y = cat([tensor([[1, 2], [3, 4]]), tensor([[5], [6]])], -1);
  assertEquals(y.shape, [2, 3]);
  assertEquals([...await y.data()], [1, 2, 5, 3, 4, 6]);
});

Deno.test("cat() takes rows of whole vec4, many blocks and integers", async () => {
  const [a, b] = [values("a", [4, 800]), values("b", [4, 200])];
  const y = await cat([tensor(a, [4, 800]), tensor(b, [4, 200])], 1).data();
  for (let row = 0; row < 4; row++) {
    assertEquals(y.slice(row * 1000, row * 1000 + 800), a.slice(row * 800, (row + 1) * 800));
    assertEquals(y.slice(row * 1000 + 800, (row + 1) * 1000), b.slice(row * 200, (row + 1) * 200));
  }
  const integers = cat([tensor(Int32Array.of(-1)), tensor(Int32Array.of(2))]);
  assertEquals(await integers.data(), Int32Array.of(-1, 2));
});

Deno.test("cat() has the gradients of central differences", async () => {
  const input = (name: string, shape: Shape) => ({ shape, data: values(name, shape) });
  const inputs = [input("a", [2, 3, 2]), input("b", [2, 1, 2]), input("c", [2, 2, 2])];
  await checkGradients((a, b, c) => cat([a, b, c, a], 1).pow(2), inputs, {
    tolerance: EXACT_DIFFERENCES,
  });
});

Deno.test("cat() refuses nothing, other shapes and other dtypes", () => {
  const x = tensor([[1, 2]]);
  assertThrows(() => cat([]), RangeError, "at least one tensor");
  assertThrows(() => cat([x, tensor([[1]])]), RangeError, "shapes [1, 2] and [1, 1]");
  assertThrows(() => cat([x, tensor([1, 2])]), RangeError);
  assertThrows(() => cat([x, tensor(Int32Array.of(1, 2), [1, 2])]), TypeError, "int32");
});
