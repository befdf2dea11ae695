import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { WKD, type WKDFeatureOptions, type WKDLogitOptions } from "../../src/distill/wkd.ts";
import type { Model } from "../../src/models/model.ts";
import { createModel } from "../../src/models/registry.ts";
import { CostKernel } from "../../src/ops/sinkhorn/cost_kernel.ts";
import { featureShapes } from "../../src/train/build_distiller.ts";
import { device } from "../helpers.ts";
import { costMatrix } from "../losses/reference.ts";
import { assertSteps, models, runSteps, STEPS } from "./reference.ts";

await device();

/** The authors' configuration of a run in the reference figures, as options. */
function optionsOf(name: string, student: Model, teacher: Model) {
  const { distiller: { WKD: config }, classes, size } = STEPS[name];
  const image = [1, 3, size, size];
  const logit = (): WKDLogitOptions => ({
    weight: config.LOSS.WKD_LOGIT_WEIGHT,
    temperature: config.TEMPERATURE,
    iterations: config.SINKHORN.ITER,
    cost: new CostKernel(
      costMatrix({ cost: config.COST_MATRIX_PATH.replace("wkd_cost_matrix/", ""), classes }),
      classes,
      { lambda: config.SINKHORN.LAMBDA, sharpen: config.COST_MATRIX_SHARPEN },
    ),
  });
  const feature = (): WKDFeatureOptions => ({
    weight: config.LOSS.WKD_FEAT_WEIGHT,
    hintLayer: config.HINT_LAYER,
    meanCovRatio: config.MEAN_COV_RATIO,
    projector: config.PROJECTOR,
    grid: config.SPATIAL_GRID,
    eps: config.EPS,
    studentShapes: featureShapes(student, image),
    teacherShapes: featureShapes(teacher, image),
  });
  return {
    ceWeight: config.LOSS.CE_WEIGHT,
    cosineDecayEpoch: config.LOSS.COSINE_DECAY_EPOCH,
    logit: config.LOSS.WKD_LOGIT_WEIGHT > 0 ? logit() : null,
    feature: config.LOSS.WKD_FEAT_WEIGHT > 0 ? feature() : null,
  };
}

async function run(name: string, recorded: boolean) {
  const { student, teacher } = models(name);
  const options = optionsOf(name, student, teacher);
  const found = await runSteps(name, new WKD(student, teacher, options), recorded);
  options.logit?.cost.dispose();
  return found;
}

for (const name of Object.keys(STEPS).filter((each) => each.startsWith("wkd_"))) {
  Deno.test(`WKD trains as the authors' code does: ${name}`, async () => {
    const eager = await run(name, false);
    assertSteps(name, eager, 1e-4);
    const replayed = await run(name, true);
    assertEquals(replayed.after, eager.after);
    assertEquals(replayed.steps, eager.steps.map(({ logits: _, ...losses }) => losses));
  });
}
