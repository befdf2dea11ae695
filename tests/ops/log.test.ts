import { log } from "../../src/ops/unary.ts";
import { device } from "../helpers.ts";
import { checkRefusesIntegers, checkUnary, checkUnaryGradient } from "./elementwise_cases.ts";

await device();

Deno.test("log() computes the natural logarithm at any size", async () => {
  await checkUnary(log, Math.log, [0.1, 5], 1e-6);
});

Deno.test("log() has the gradient of its formula", async () => {
  await checkUnaryGradient(log, (x) => 1 / x, [0.1, 5]);
});

Deno.test("log() refuses integers", () => checkRefusesIntegers(log, "log"));
