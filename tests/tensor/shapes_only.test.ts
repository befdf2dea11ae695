import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { matmul } from "../../src/ops/matmul/matmul.ts";
import { zeros } from "../../src/tensor/create.ts";
import { defaultDevice } from "../../src/tensor/default_device.ts";
import { shapesOnly } from "../../src/tensor/shapes_only.ts";
import { device } from "../helpers.ts";

const gpu = await device();

Deno.test("shapesOnly() gives shapes, takes no memory and leaves the device as it was", () => {
  const { inUse, allocated } = gpu.account;
  const shape = shapesOnly(() => matmul(zeros([1 << 15, 1 << 15]), zeros([1 << 15, 2])).shape);
  assertEquals(shape, [1 << 15, 2]);
  assertEquals([gpu.account.inUse, gpu.account.allocated], [inUse, allocated]);
  assertStrictEquals(defaultDevice(), gpu);
});

Deno.test("shapesOnly() passes errors on and leaves the device as it was", () => {
  assertThrows(() => shapesOnly(() => matmul(zeros([2, 3]), zeros([2, 3]))), RangeError);
  assertStrictEquals(defaultDevice(), gpu);
});
