import { assert } from "@std/assert";
import { variance } from "../../../src/ops/reduce/variance.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { assertClose, device, values } from "../../helpers.ts";
import { CASES, checkReduction, checkReductionRules } from "./reduce_cases.ts";

await device();

const average = (group: readonly number[]) => group.reduce((a, b) => a + b, 0) / group.length;
const squares = (group: readonly number[]) => {
  const m = average(group);
  return group.reduce((a, b) => a + (b - m) ** 2, 0);
};

for (const correction of [0, 1]) {
  const cases = CASES.filter(({ shape }) => shape.some((size) => size > 1))
    .filter(({ dims }) => !Array.isArray(dims) || dims[0] !== 1);
  Deno.test(`variance() with correction ${correction} is right over any dimensions`, async () => {
    await checkReduction(
      (x, options) => variance(x, { ...options, correction }),
      (group) => squares(group) / (group.length - correction),
      (v, group) => 2 * (v - average(group)) / (group.length - correction),
      cases,
    );
  });
}

Deno.test("variance() far from zero does not cancel", async () => {
  const x = values("x", [4096]).map((v) => 1000 + v);
  assertClose([await variance(tensor(x)).item()], [squares([...x]) / 4095], 1e-4);
});

Deno.test("variance() of one element is NaN", async () => {
  assert(Number.isNaN(await variance(tensor([3])).item()));
});

Deno.test("variance() checks its arguments and is deterministic", async () => {
  await checkReductionRules(variance);
});
