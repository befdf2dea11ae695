import { assertEquals, assertThrows } from "@std/assert";
import { arange, full, ones, rand, randn, tensor, zeros } from "../../src/tensor/create.ts";
import { Generator } from "../../src/tensor/random.ts";
import { device } from "../helpers.ts";

await device();

Deno.test("tensor() takes its shape from nested arrays", async () => {
  const x = tensor([[[1, 2], [3, 4], [5, 6]]]);
  assertEquals([x.shape, x.dtype], [[1, 3, 2], "float32"]);
  assertEquals(await x.data(), Float32Array.of(1, 2, 3, 4, 5, 6));
  assertEquals(tensor(7).shape, []);
  assertEquals(await tensor(7).item(), 7);
});

Deno.test("tensor() takes its dtype from typed arrays unless one is given", async () => {
  assertEquals(await tensor(Int32Array.of(-1)).data(), Int32Array.of(-1));
  assertEquals(await tensor(Uint32Array.of(2 ** 32 - 1)).data(), Uint32Array.of(2 ** 32 - 1));
  assertEquals(await tensor([1.7, -1.7], null, { dtype: "int32" }).data(), Int32Array.of(1, -1));
});

Deno.test("tensor() refuses data that is ragged, empty or does not fill the shape", () => {
  assertThrows(() => tensor([[1, 2], [3]]), RangeError, "unequal length");
  assertThrows(() => tensor([[1], 2]), RangeError, "unequal length");
  assertThrows(() => tensor([]), RangeError, "shape [0] is empty");
  assertThrows(() => tensor([1, 2, 3], [2, 2]), RangeError, "3 numbers do not fill");
  assertThrows(() => tensor([1, 2], [-1, -2]), RangeError, "sizes must be 1 or more");
});

Deno.test("full(), zeros() and ones() fill any dtype", async () => {
  assertEquals(await full([3], 2.5).data(), Float32Array.of(2.5, 2.5, 2.5));
  assertEquals(await zeros([1, 2]).data(), new Float32Array(2));
  assertEquals(await ones([2], { dtype: "int32" }).data(), Int32Array.of(1, 1));
  const large = await full([5000], 2 ** 32 - 1, { dtype: "uint32" }).data();
  assertEquals(large, new Uint32Array(5000).fill(2 ** 32 - 1));
});

Deno.test("arange() counts up", async () => {
  assertEquals([...await arange(2, 5).data()], [2, 3, 4]);
  assertEquals(await arange(0, 2, { dtype: "int32" }).data(), Int32Array.of(0, 1));
});

Deno.test("rand() and randn() give the same numbers for the same seed", async () => {
  const uniform = await rand([1000], new Generator(1), { low: -1, high: 3 }).data();
  assertEquals(await rand([1000], new Generator(1), { low: -1, high: 3 }).data(), uniform);
  assertEquals(uniform.every((v) => v >= -1 && v < 3), true);
  const normal = await randn([1000], new Generator(1), { mean: 5 }).data();
  assertEquals(await randn([1000], new Generator(1), { mean: 5 }).data(), normal);
});

Deno.test("copy_() overwrites in place and refuses another length or dtype", async () => {
  const x = tensor([1, 2]);
  const view = x.detach();
  x.copy_(Float32Array.of(3, 4));
  assertEquals([...await view.data()], [3, 4]);
  assertThrows(() => x.copy_(Float32Array.of(1)), RangeError, "1 numbers do not fill");
  assertThrows(() => x.copy_(Int32Array.of(1, 2)), TypeError, "copy_() of int32 numbers");
});

Deno.test("zero_() clears a tensor and nothing behind it", async () => {
  const x = tensor([1, 2, 3]);
  assertEquals([...await x.zero_().data()], [0, 0, 0]);
});

Deno.test("item() reads one number and refuses more", async () => {
  assertEquals(await tensor([[4]]).item(), 4);
  let message = "";
  await tensor([1, 2]).item().catch((error) => message = error.message);
  assertEquals(message, "item() of shape [2]");
});
