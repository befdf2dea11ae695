import { sqrt } from "../../src/ops/unary.ts";
import { device } from "../helpers.ts";
import { checkRefusesIntegers, checkUnary, checkUnaryGradient } from "./elementwise_cases.ts";

await device();

Deno.test("sqrt() computes the square root at any size", async () => {
  await checkUnary(sqrt, Math.sqrt, [0.1, 5], 1e-6);
});

Deno.test("sqrt() has the gradient of its formula", async () => {
  await checkUnaryGradient(sqrt, (x) => 0.5 / Math.sqrt(x), [0.1, 5]);
});

Deno.test("sqrt() refuses integers", () => checkRefusesIntegers(sqrt, "sqrt"));
