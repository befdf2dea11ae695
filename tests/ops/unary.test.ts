import { assertEquals, assertThrows } from "@std/assert";
import { gelu, silu, tanh } from "../../src/ops/unary.ts";
import { tensor } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { device } from "../helpers.ts";
import { checkRefusesIntegers, checkUnary, checkUnaryGradient } from "./elementwise_cases.ts";

await device();

// Values and gradients of all ops of the table are compared with PyTorch's in elementwise_reference.test.ts.

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

Deno.test("tanh() computes the hyperbolic tangent at any size, with its gradient", async () => {
  await checkUnary(tanh, Math.tanh, [-3, 3]);
  await checkUnaryGradient(tanh, (x) => 1 - Math.tanh(x) ** 2, [-3, 3]);
});

Deno.test("silu() computes x / (1 + exp(-x)) at any size, with its gradient", async () => {
  await checkUnary(silu, (x) => x * sigmoid(x), [-3, 3]);
  const slope = (x: number) => sigmoid(x) * (1 + x * (1 - sigmoid(x)));
  await checkUnaryGradient(silu, slope, [-3, 3]);
});

Deno.test("gelu() knows two forms, close to each other", async () => {
  const x = Float32Array.of(-3, -1, 0, 1, 3);
  const [exact, none, approximate] = await Promise.all(
    [{}, { approximate: "none" as const }, { approximate: "tanh" as const }].map((options) =>
      gelu(tensor(x), options).data()
    ),
  );
  assertEquals(none, exact);
  const apart = Math.max(...exact.map((value, i) => Math.abs(value - approximate[i])));
  assertEquals(apart > 1e-5 && apart < 1e-3, true);
  const wrong = { approximate: "erf" } as unknown as { approximate: "none" };
  assertThrows(() => gelu(tensor(x), wrong), RangeError, '"none" or "tanh" wanted');
});

Deno.test("tanh(), silu() and gelu() refuse integers", () => {
  checkRefusesIntegers(tanh, "tanh");
  checkRefusesIntegers(silu, "silu");
  checkRefusesIntegers((x: Tensor) => gelu(x), "gelu");
});
