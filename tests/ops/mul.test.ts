import { assertEquals } from "@std/assert";
import { mul } from "../../src/ops/binary.ts";
import { tensor } from "../../src/tensor/create.ts";
import { assertClose, device, values } from "../helpers.ts";
import { checkBinary, checkBinaryGradients, checkBinaryRefusals } from "./elementwise_cases.ts";

await device();

Deno.test("mul() computes a * b of one shape and broadcast", async () => {
  await checkBinary(mul, (a, b) => a * b);
});

Deno.test("mul() takes a number", async () => {
  const x = values("x", [1025]);
  assertClose(await mul(tensor(x), 2.5).data(), Float64Array.from(x, (v) => v * 2.5), 1e-6);
  const [leaf, dy] = [tensor(x, null, { requiresGrad: true }), values("dy", [1025])];
  mul(leaf, 2.5).backward({ gradient: tensor(dy) });
  assertClose(await leaf.grad!.data(), Float64Array.from(dy, (d) => 2.5 * d), 1e-6);
});

Deno.test("mul() has the gradients of its formula, summed where broadcast", async () => {
  await checkBinaryGradients(mul, (a, b) => [b, a]);
});

Deno.test("mul() of a tensor with itself has both gradients", async () => {
  const x = tensor([3, -2], null, { requiresGrad: true });
  mul(x, x).backward({ gradient: tensor([1, 1]) });
  assertEquals([...await x.grad!.data()], [6, -4]);
});

Deno.test("mul() refuses shapes that do not broadcast and integers", () => {
  checkBinaryRefusals(mul, "mul");
});
