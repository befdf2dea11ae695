import { assertAlmostEquals } from "@std/assert";
import { multiStepLr } from "../../src/optim/multi_step_lr.ts";

Deno.test("multiStepLr() takes effect in the epoch after a stage, as mdistiller's", () => {
  const lr = (epoch: number) => multiStepLr(0.05, [150, 180, 210], 0.1, epoch);
  const expected = [[1, 0.05], [150, 0.05], [151, 5e-3], [180, 5e-3], [181, 5e-4], [211, 5e-5]];
  for (const [epoch, value] of expected) assertAlmostEquals(lr(epoch), value, 1e-12);
});

Deno.test("multiStepLr() without stages stays where it is", () => {
  assertAlmostEquals(multiStepLr(0.3, [], 0.1, 1000), 0.3, 1e-12);
});
