import { assertEquals } from "@std/assert";
import { softmax } from "../../../src/ops/softmax/softmax.ts";
import { softmaxRows } from "../../../src/ops/softmax/softmax_rows.ts";
import { device, procedural } from "../../helpers.ts";
import { checkSoftmax, checkSoftmaxRules } from "./softmax_cases.ts";

await device();

Deno.test("softmax() and its gradient are right along any dimension with every kernel", async () => {
  await checkSoftmax(false);
});

Deno.test("softmax() is safe for large logits, checks its arguments, is deterministic", async () => {
  await checkSoftmaxRules(false);
});

Deno.test("softmax() goes along the last dimension when none is given", async () => {
  const x = procedural("x", [3, 7]);
  assertEquals(await softmax(x).data(), await softmaxRows(x, 1, false).data());
});
