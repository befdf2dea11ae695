import { assertEquals } from "@std/assert";
import { logSoftmax } from "../../../src/ops/softmax/softmax.ts";
import { softmaxRows } from "../../../src/ops/softmax/softmax_rows.ts";
import { device, procedural } from "../../helpers.ts";
import { checkSoftmax, checkSoftmaxRules } from "./softmax_cases.ts";

await device();

Deno.test("logSoftmax() and its gradient are right along any dimension with every kernel", async () => {
  await checkSoftmax(true);
});

Deno.test("logSoftmax() is safe for large logits, checks its arguments, is deterministic", async () => {
  await checkSoftmaxRules(true);
});

Deno.test("logSoftmax() goes along the last dimension when none is given", async () => {
  const x = procedural("x", [3, 7]);
  assertEquals(await logSoftmax(x).data(), await softmaxRows(x, 1, true).data());
});
