import { mean } from "../../../src/ops/reduce/sum.ts";
import { device } from "../../helpers.ts";
import { checkReduction, checkReductionRules } from "./reduce_cases.ts";

await device();

Deno.test("mean() averages over any dimensions and spreads the gradient", async () => {
  await checkReduction(
    mean,
    (group) => group.reduce((a, b) => a + b, 0) / group.length,
    (_, group) => 1 / group.length,
  );
});

Deno.test("mean() checks its arguments and is deterministic", async () => {
  await checkReductionRules(mean);
});
