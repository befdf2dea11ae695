import { assertEquals } from "@std/assert";
import { KD } from "../../src/distill/kd.ts";
import { device } from "../helpers.ts";
import { assertSteps, models, runSteps, STEPS } from "./reference.ts";

await device();

async function run(recorded: boolean) {
  const { student, teacher } = models("KD");
  const { TEMPERATURE, LOSS } = STEPS.KD.distiller.KD;
  const options = {
    temperature: TEMPERATURE,
    ceWeight: LOSS.CE_WEIGHT,
    kdWeight: LOSS.KD_WEIGHT,
  };
  return await runSteps("KD", new KD(student, teacher, options), recorded);
}

Deno.test("KD trains as mdistiller does", async () => {
  const eager = await run(false);
  assertSteps("KD", eager, { loss: 1e-4, terms: 1e-4, after: 1e-4, normBias: 1e-4 }, false);
  const replayed = await run(true);
  assertEquals(replayed.after, eager.after);
  assertEquals(replayed.steps, eager.steps.map(({ logits: _, ...losses }) => losses));
});
