import { relu6 } from "../../src/ops/unary.ts";
import { device } from "../helpers.ts";
import { checkRefusesIntegers, checkUnary, checkUnaryGradient } from "./elementwise_cases.ts";

await device();

Deno.test("relu6() computes min(max(x, 0), 6) at any size", async () => {
  await checkUnary(relu6, (x) => Math.min(Math.max(x, 0), 6), [-3, 9], 1e-7);
});

Deno.test("relu6() has the gradient of its formula", async () => {
  await checkUnaryGradient(relu6, (x) => x > 0 && x < 6 ? 1 : 0, [-3, 9]);
});

Deno.test("relu6() refuses integers", () => checkRefusesIntegers(relu6, "relu6"));
