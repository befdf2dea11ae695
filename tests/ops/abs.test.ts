import { abs } from "../../src/ops/unary.ts";
import { device } from "../helpers.ts";
import { checkRefusesIntegers, checkUnary, checkUnaryGradient } from "./elementwise_cases.ts";

await device();

Deno.test("abs() computes |x| at any size", async () => {
  await checkUnary(abs, Math.abs, [-3, 3], 1e-7);
});

Deno.test("abs() has the gradient of its formula", async () => {
  await checkUnaryGradient(abs, Math.sign, [-3, 3]);
});

Deno.test("abs() refuses integers", () => checkRefusesIntegers(abs, "abs"));
