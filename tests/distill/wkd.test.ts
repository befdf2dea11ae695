import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { WKD, type WKDOptions } from "../../src/distill/wkd.ts";
import { UserError } from "../../src/errors.ts";
import { createModel } from "../../src/models/registry.ts";
import { CostKernel } from "../../src/ops/sinkhorn/cost_kernel.ts";
import { device } from "../helpers.ts";
import { checkWkdRun } from "./wkd_runs.ts";

await device();

/** WKD-F, both losses, both decays and both pairs; tests/slow has all of the figures' runs. */
const RUNS = [
  "wkd_f/res32x4_res8x4/epoch1",
  "wkd_lf/res32x4_res8x4/epoch1",
  "wkd_lf/res32x4_res8x4/epoch200",
  "wkd_lf/wrn40_2_shuv1/epoch1",
];

for (const name of RUNS) {
  Deno.test(`WKD trains as the authors' code does: ${name}`, async () => {
    await checkWkdRun(name, name === "wkd_lf/res32x4_res8x4/epoch1");
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
