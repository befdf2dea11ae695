import { assertEquals } from "@std/assert";
import { DKD } from "../../src/distill/dkd.ts";
import { createModel } from "../../src/models/registry.ts";
import { device } from "../helpers.ts";
import { assertSteps, models, runSteps, STEPS } from "./reference.ts";

await device();

async function run() {
  const { student, teacher } = models("DKD");
  const { CE_WEIGHT, ALPHA, BETA, T, WARMUP } = STEPS.DKD.distiller.DKD;
  const options = { ceWeight: CE_WEIGHT, alpha: ALPHA, beta: BETA, temperature: T, warmup: WARMUP };
  return await runSteps("DKD", new DKD(student, teacher, options), true);
}

Deno.test("DKD trains as mdistiller does", async () => {
  const found = await run();
  assertSteps("DKD", found, { loss: 1e-4, terms: 1e-4, after: 1e-4, normBias: 1e-4 }, false);
});

Deno.test("DKD grows its weights over the first epochs", () => {
  const model = createModel("resnet8");
  const dkd = (warmup: number) =>
    new DKD(model, model, { ceWeight: 1, alpha: 1, beta: 8, temperature: 4, warmup });
  const growth = (epoch: number) => dkd(20).growth({ epoch, epochs: 240 });
  assertEquals([growth(1), growth(5), growth(20), growth(200)], [0.05, 0.25, 1, 1]);
  assertEquals(dkd(0).growth({ epoch: 1, epochs: 240 }), 1);
  const same = (a: number, b: number) =>
    dkd(20).sameSchedule({ epoch: a, epochs: 240 }, { epoch: b, epochs: 240 });
  assertEquals([same(1, 2), same(20, 21), same(5, 5)], [false, true, true]);
  model.dispose();
});
