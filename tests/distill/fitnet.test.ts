import { assertThrows } from "@std/assert";
import { FitNet } from "../../src/distill/fitnet.ts";
import { UserError } from "../../src/errors.ts";
import { featureShapes } from "../../src/run/build_distiller.ts";
import { createModel } from "../../src/models/registry.ts";
import { device } from "../helpers.ts";
import { assertSteps, models, runSteps, STEPS } from "./reference.ts";

await device();

async function run() {
  const { student, teacher } = models("FITNET");
  const { HINT_LAYER, LOSS } = STEPS.FITNET.distiller.FITNET;
  const distiller = new FitNet(student, teacher, {
    ceWeight: LOSS.CE_WEIGHT,
    featWeight: LOSS.FEAT_WEIGHT,
    hintLayer: HINT_LAYER,
    studentShapes: featureShapes(student, [1, 3, 32, 32]).feats,
    teacherShapes: featureShapes(teacher, [1, 3, 32, 32]).feats,
  });
  return await runSteps("FITNET", distiller, true);
}

Deno.test("FitNet trains as mdistiller does", async () => {
  const found = await run();
  const tolerances = { loss: 1e-5, terms: 1e-5, after: 1e-5, normBias: 1e-4 };
  assertSteps("FITNET", found, tolerances, true);
});

Deno.test("FitNet refuses a hint layer that is none", () => {
  const model = createModel("resnet8");
  const shapes = [[1, 16, 8, 8], [1, 64, 2, 2]];
  const options = { ceWeight: 1, featWeight: 1, studentShapes: shapes, teacherShapes: shapes };
  assertThrows(
    () => new FitNet(model, model, { ...options, hintLayer: 2 }),
    UserError,
    "FITNET.HINT_LAYER 2: the student has 2 features, 0 to 1",
  );
  model.dispose();
});
