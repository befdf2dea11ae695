import { assertEquals } from "@std/assert";
import { sub } from "../../src/ops/sub.ts";
import { tensor } from "../../src/tensor/create.ts";
import { assertClose, checkGradients, device, values } from "../helpers.ts";
import { checkBinary, checkBinaryGradients, checkBinaryRefusals } from "./elementwise_cases.ts";

await device();

Deno.test("sub() computes a - b of one shape and broadcast", async () => {
  await checkBinary(sub, (a, b) => a - b);
});

Deno.test("sub() takes a number", async () => {
  const x = values("x", [1025]);
  assertClose(await sub(tensor(x), 2.5).data(), Float64Array.from(x, (v) => v - 2.5), 1e-6);
  await checkGradients((a) => sub(a, 2.5), [{ shape: [5], data: x.slice(0, 5) }]);
});

Deno.test("sub() has the gradients of central differences, summed where broadcast", async () => {
  await checkBinaryGradients(sub);
});

Deno.test("sub() of a tensor with itself has both gradients", async () => {
  const x = tensor([3, -2], null, { requiresGrad: true });
  sub(x, x).backward({ gradient: tensor([1, 1]) });
  assertEquals([...await x.grad!.data()], [0, 0]);
});

Deno.test("sub() refuses shapes that do not broadcast and integers", () => {
  checkBinaryRefusals(sub, "sub");
});
