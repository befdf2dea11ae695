import { exp } from "../../src/ops/unary.ts";
import { device } from "../helpers.ts";
import { checkRefusesIntegers, checkUnary, checkUnaryGradient } from "./elementwise_cases.ts";

await device();

Deno.test("exp() computes e^x at any size", async () => {
  await checkUnary(exp, Math.exp, [-5, 5], 1e-6);
});

Deno.test("exp() has the gradient of its formula", async () => {
  await checkUnaryGradient(exp, Math.exp, [-5, 5]);
});

Deno.test("exp() refuses integers", () => checkRefusesIntegers(exp, "exp"));
