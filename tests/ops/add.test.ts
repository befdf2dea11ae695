import { assertEquals } from "@std/assert";
import { add } from "../../src/ops/binary.ts";
import { tensor } from "../../src/tensor/create.ts";
import { assertClose, device, values } from "../helpers.ts";
import { checkBinary, checkBinaryGradients, checkBinaryRefusals } from "./elementwise_cases.ts";

await device();

Deno.test("add() computes a + b of one shape and broadcast", async () => {
  await checkBinary(add, (a, b) => a + b);
});

Deno.test("add() takes a number", async () => {
  const x = values("x", [1025]);
  assertClose(await add(tensor(x), 2.5).data(), Float64Array.from(x, (v) => v + 2.5), 1e-6);
  const [leaf, dy] = [tensor(x, null, { requiresGrad: true }), values("dy", [1025])];
  add(leaf, 2.5).backward({ gradient: tensor(dy) });
  assertClose(await leaf.grad!.data(), Float64Array.from(dy, (d) => d), 1e-6);
});

Deno.test("add() has the gradients of its formula, summed where broadcast", async () => {
  await checkBinaryGradients(add, () => [1, 1]);
});

Deno.test("add() of a tensor with itself has both gradients", async () => {
  const x = tensor([3, -2], null, { requiresGrad: true });
  add(x, x).backward({ gradient: tensor([1, 1]) });
  assertEquals([...await x.grad!.data()], [2, 2]);
});

Deno.test("add() refuses shapes that do not broadcast and integers", () => {
  checkBinaryRefusals(add, "add");
});
