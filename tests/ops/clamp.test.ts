import { assertEquals, assertThrows } from "@std/assert";
import { clamp } from "../../src/ops/unary.ts";
import { tensor } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { device } from "../helpers.ts";
import { checkRefusesIntegers, checkUnary, checkUnaryGradient } from "./elementwise_cases.ts";

await device();

const toRange = (x: Tensor) => clamp(x, -0.5, 1.25);

Deno.test("clamp() limits both ways at any size", async () => {
  await checkUnary(toRange, (x) => Math.min(Math.max(x, -0.5), 1.25), [-3, 3], 1e-7);
});

Deno.test("clamp() limits one way when the other bound is left out", async () => {
  assertEquals([...await clamp(tensor([-9, 0, 9]), -1).data()], [-1, 0, 9]);
  assertEquals([...await clamp(tensor([-9, 0, 9]), undefined, 1).data()], [-9, 0, 1]);
});

Deno.test("clamp() has the gradient of its formula", async () => {
  await checkUnaryGradient(toRange, (x) => x >= -0.5 && x <= 1.25 ? 1 : 0, [-3, 3]);
});

Deno.test("clamp() passes the gradient at its bounds", async () => {
  const x = tensor([-0.5, 1.25, 1.5], null, { requiresGrad: true });
  toRange(x).backward({ gradient: tensor([1, 1, 1]) });
  assertEquals([...await x.grad!.data()], [1, 1, 0]);
});

Deno.test("clamp() refuses swapped bounds and integers", () => {
  assertThrows(() => clamp(tensor([1]), 2, 1), RangeError, "[2, 1]: the bounds are swapped");
  checkRefusesIntegers(toRange, "clamp");
});
