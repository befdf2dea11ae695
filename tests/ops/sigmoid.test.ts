import { sigmoid } from "../../src/ops/unary.ts";
import { device } from "../helpers.ts";
import { checkRefusesIntegers, checkUnary, checkUnaryGradient } from "./elementwise_cases.ts";

await device();

Deno.test("sigmoid() computes the logistic function at any size", async () => {
  await checkUnary(sigmoid, (x) => 1 / (1 + Math.exp(-x)), [-6, 6], 1e-6);
});

Deno.test("sigmoid() has the gradient of its formula", async () => {
  const sigma = (x: number) => 1 / (1 + Math.exp(-x));
  await checkUnaryGradient(sigmoid, (x) => sigma(x) * sigma(-x), [-6, 6]);
});

Deno.test("sigmoid() refuses integers", () => checkRefusesIntegers(sigmoid, "sigmoid"));
