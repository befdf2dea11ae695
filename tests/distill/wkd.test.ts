import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  WKD,
  type WKDFeatureOptions,
  type WKDLogitOptions,
  type WKDOptions,
} from "../../src/distill/wkd.ts";
import { UserError } from "../../src/errors.ts";
import type { Model } from "../../src/models/model.ts";
import { createModel } from "../../src/models/registry.ts";
import { CostKernel } from "../../src/ops/sinkhorn/cost_kernel.ts";
import { featureShapes } from "../../src/run/build_distiller.ts";
import { device } from "../helpers.ts";
import { costMatrix } from "../losses/reference.ts";
import { assertSteps, models, runSteps, STEPS, type Tolerances } from "./reference.ts";

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
    studentShapes: featureShapes(student, image).feats,
    teacherShapes: featureShapes(teacher, image).feats,
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

/**
 * A ReLU whose input rounds to the other side of zero moves a batch norm bias's gradient by percents, and the next step
 * multiplies it. PyTorch's own float32 (seven ways of rounding) is at most this far from the reference: wkd_l 1.3e-5 in the
 * loss and 2e-4 in biases, the others 1.4e-4 and 2e-2; 1e-7 and 1e-6 where no ReLU differs. docs/results.md has the table.
 */
const BY_FEATURES: Tolerances = { loss: 2e-4, terms: 1e-3, after: 1e-3, normBias: 3e-2 };
const TOLERANCES: Readonly<Record<string, Tolerances>> = {
  wkd_l: { loss: 1e-4, terms: 1e-4, after: 1e-4, normBias: 3e-4 },
  wkd_f: BY_FEATURES,
  wkd_lf: BY_FEATURES,
};

/**
 * ShuffleV1's first update here is large: of its 7 million ReLU inputs 6 to 31 have another sign in PyTorch's float32 than
 * in float64 at the first step, 2 million at the third. PyTorch's float32 is up to 1.9e-2 off in the loss, 4.7e-2 in its
 * terms, 1.2e-2 in weights, 3.4e-2 in running statistics and 0.24 in biases; its float64, moved by 6e-8, up to 0.38. So the
 * first step is what is compared closely (1e-5), the later ones only for staying near.
 */
const SHUFFLE: Tolerances = { loss: 2e-2, terms: 5e-2, after: 5e-2, normBias: 0.4 };

for (const name of Object.keys(STEPS).filter((each) => each.startsWith("wkd_"))) {
  const [kind, pair, epoch] = name.split("/");
  const tolerances = pair === "wrn40_2_shuv1" ? SHUFFLE : TOLERANCES[kind];
  Deno.test(`WKD trains as the authors' code does: ${name}`, async () => {
    const replayed = await run(name, true);
    assertSteps(name, replayed, tolerances, kind !== "wkd_l");
    if (pair !== "res32x4_res8x4" || epoch !== "epoch1") return;
    const eager = await run(name, false);
    assertSteps(name, eager, tolerances, kind !== "wkd_l");
    assertEquals(replayed.after, eager.after);
    assertEquals(replayed.steps, eager.steps.map(({ logits: _, ...losses }) => losses));
  });
}

/** WKD of two small models with the parts that `parts` changes. */
function small(parts: Partial<WKDOptions>): WKD {
  const shapes = [[1, 16, 8, 8], [1, 64, 2, 2]];
  return new WKD(student, teacher, {
    ceWeight: 1,
    cosineDecayEpoch: 150,
    logit: null,
    feature: {
      weight: 1,
      hintLayer: -1,
      meanCovRatio: 2,
      projector: "conv1x1",
      grid: 1,
      eps: 1e-5,
      studentShapes: shapes,
      teacherShapes: shapes,
    },
    ...parts,
  });
}

const [student, teacher] = [createModel("resnet8"), createModel("resnet8").eval()];

Deno.test("WKD.decay() is 1 up to its epoch, then half a cosine down to 0", () => {
  const wkd = small({});
  const decay = (epoch: number) => wkd.decay({ epoch, epochs: 240 });
  assertEquals([decay(1), decay(150)], [1, 1]);
  assertAlmostEquals(decay(195), 0.5, 1e-12);
  assertAlmostEquals(decay(151), 0.5 * (1 + Math.cos(Math.PI / 90)), 1e-12);
  assertAlmostEquals(decay(240), 0, 1e-12);
  wkd.extraModules.conv_reg.dispose();
});

Deno.test("WKD.sameSchedule() tells when a recorded step still holds", () => {
  const wkd = small({});
  const same = (a: number, b: number) =>
    wkd.sameSchedule({ epoch: a, epochs: 240 }, { epoch: b, epochs: 240 });
  assertEquals([same(1, 150), same(150, 151), same(200, 201), same(200, 200)], [
    true,
    false,
    false,
    true,
  ]);
  wkd.extraModules.conv_reg.dispose();
});

Deno.test("WKD trains a projector for features only", () => {
  const wkd = small({});
  assertEquals(Object.keys(wkd.extraModules), ["conv_reg"]);
  wkd.extraModules.conv_reg.dispose();
  const cost = new CostKernel(new Float32Array(100 * 100), 100);
  const logit = { weight: 1, temperature: 1, iterations: 1, cost };
  assertEquals(small({ feature: null, logit }).extraModules, {});
  cost.dispose();
});

Deno.test("WKD refuses to have no loss, and a hint layer that is none", () => {
  assertThrows(() => small({ feature: null }), UserError, "WKD without a loss");
  const { feature } = small({}).options;
  for (const hintLayer of [2, -3]) {
    assertThrows(
      () => small({ feature: { ...feature!, hintLayer } }),
      UserError,
      `WKD.HINT_LAYER ${hintLayer}: the student has 2 features, 0 to 1`,
    );
  }
  const teacherShapes = [[1, 16, 8, 8], [1, 64, 3, 3]];
  assertThrows(
    () => small({ feature: { ...feature!, teacherShapes } }),
    UserError,
    "[1, 64, 2, 2] to the teacher's [1, 64, 3, 3]",
  );
});
