import { assertEquals } from "@std/assert";
import { minimum } from "../../src/ops/binary.ts";
import { tensor } from "../../src/tensor/create.ts";
import { device } from "../helpers.ts";
import { checkBinary, checkBinaryGradients, checkBinaryRefusals } from "./elementwise_cases.ts";

await device();

Deno.test("minimum() computes the smaller of one shape and broadcast", async () => {
  await checkBinary(minimum, Math.min);
});

Deno.test("minimum() has the gradients of its formula", async () => {
  await checkBinaryGradients(minimum, (a, b) => a < b ? [1, 0] : [0, 1]);
});

Deno.test("minimum() splits the gradient where both are equal", async () => {
  const a = tensor([1, 5, 2], null, { requiresGrad: true });
  const b = tensor([1, 4, 3], null, { requiresGrad: true });
  minimum(a, b).backward({ gradient: tensor([1, 1, 1]) });
  assertEquals([...await a.grad!.data()], [0.5, 0, 1]);
  assertEquals([...await b.grad!.data()], [0.5, 1, 0]);
});

Deno.test("minimum() refuses shapes that do not broadcast and integers", () => {
  checkBinaryRefusals(minimum, "minimum");
});
