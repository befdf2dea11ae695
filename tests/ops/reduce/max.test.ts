import { assertEquals } from "@std/assert";
import { max } from "../../../src/ops/reduce/max.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { device } from "../../helpers.ts";
import { checkReduction, checkReductionRules } from "./reduce_cases.ts";

await device();

Deno.test("max() finds the largest over any dimensions; it gets the gradient", async () => {
  await checkReduction(
    max,
    (group) => group.reduce((a, b) => Math.max(a, b)),
    (v, group) => v === group.reduce((a, b) => Math.max(a, b)) ? 1 : 0,
  );
});

Deno.test("max() shares the gradient among equals", async () => {
  const x = tensor([[2, 5, 5, 1], [-1, -1, -1, -1]], null, { requiresGrad: true });
  const y = max(x, { dims: 1 });
  assertEquals([...await y.data()], [5, -1]);
  y.backward({ gradient: tensor([3, 2]) });
  assertEquals([...await x.grad!.data()], [0, 1.5, 1.5, 0, 0.5, 0.5, 0.5, 0.5]);
});

Deno.test("max() of nothing but -Infinity is -Infinity", async () => {
  const low = new Float32Array(5000).fill(-Infinity);
  assertEquals(await max(tensor(low)).item(), -Infinity);
});

Deno.test("max() checks its arguments and is deterministic", async () => {
  await checkReductionRules(max);
});
