import { assertEquals } from "@std/assert";
import { div } from "../../src/ops/div.ts";
import { tensor } from "../../src/tensor/create.ts";
import { assertClose, checkGradients, device, values } from "../helpers.ts";
import { checkBinary, checkBinaryGradients, checkBinaryRefusals } from "./elementwise_cases.ts";

await device();

Deno.test("div() computes a / b of one shape and broadcast", async () => {
  await checkBinary(div, (a, b) => a / b);
});

Deno.test("div() takes a number", async () => {
  const x = values("x", [1025]);
  assertClose(await div(tensor(x), 2.5).data(), Float64Array.from(x, (v) => v / 2.5), 1e-6);
  await checkGradients((a) => div(a, 2.5), [{ shape: [5], data: x.slice(0, 5) }]);
});

Deno.test("div() has the gradients of central differences, summed where broadcast", async () => {
  await checkBinaryGradients(div);
});

Deno.test("div() of a tensor with itself has both gradients", async () => {
  const x = tensor([3, -2], null, { requiresGrad: true });
  div(x, x).backward({ gradient: tensor([1, 1]) });
  assertEquals([...await x.grad!.data()], [0, 0]);
});

Deno.test("div() refuses shapes that do not broadcast and integers", () => {
  checkBinaryRefusals(div, "div");
});
