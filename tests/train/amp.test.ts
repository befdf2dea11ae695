import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import type { EpochEnd } from "../../src/train/events.ts";
import { runMetrics } from "../../src/train/metrics/run_metrics.ts";
import { SCALING, TOTALS } from "../../src/train/metrics/step_totals.ts";
import { TrainingError } from "../../src/train/trainer.ts";
import { device } from "../helpers.ts";
import { openRun, writeTeacher } from "./helpers.ts";
import { inTempDir } from "../temp_dir.ts";

const gpu = await device();
const ignore = !gpu.half;

// One image a step: the kernels for any convolution do, which compile at once.
const SMALL = ["SOLVER.EPOCHS", "1", "SOLVER.BATCH_SIZE", "1", "DATASET.SUBSET", "1"];
const AMP = ["SOLVER.AMP", "True"];

Deno.test("runMetrics() tells of the loss scaler where there is one", () => {
  const totals = new Float32Array(TOTALS).fill(1, 0, 6);
  assertEquals("scaling" in runMetrics(totals, ["loss_ce"], 8), false);
  totals[SCALING.scale] = 1024;
  totals[SCALING.skipped] = 3;
  totals[SCALING.skippedInARow] = 2;
  const wanted = { scale: 1024, skippedSteps: 3, skippedInARow: 2 };
  assertEquals(runMetrics(totals, ["loss_ce"], 8).scaling, wanted);
});

Deno.test({ name: "SOLVER.AMP trains with the losses of float32, nearly", ignore }, async () => {
  const settings = ["DISTILLER.TYPE", "WKD", "WKD.COST_MATRIX", "fc", "SOLVER.LR", "1e-9"];
  const weights = ["WKD.LOSS.WKD_LOGIT_WEIGHT", "10", "WKD.LOSS.WKD_FEAT_WEIGHT", "0.2"];
  const ends: EpochEnd[] = [];
  for (const more of [[], AMP]) {
    await inTempDir(async (folder) => {
      await writeTeacher(folder);
      const overrides = [...SMALL, ...settings, ...weights, ...more];
      const { run, events } = await openRun(gpu, join(folder, "run"), overrides);
      await run.train();
      run.dispose();
      ends.push(events.find((event) => event.type === "epoch_end")!);
      const step = events.findLast((event) => event.type === "step")!;
      assertEquals(step.scaling, ends.at(-1)!.train.scaling);
    });
  }
  const [single, half] = ends;
  assertEquals(single.train.scaling, undefined);
  const { scale, skippedSteps } = half.train.scaling!;
  assertEquals(scale, 65536 / 2 ** skippedSteps);
  for (const [name, loss] of Object.entries(single.train.losses)) {
    // Rounding to float16 moves one number by 2^-11 of itself at most; a loss averages over many.
    assertAlmostEquals(half.train.losses[name], loss, 2 ** -11 * loss, name);
  }
  assert(half.train.loss !== single.train.loss, "float16 was used");
});

Deno.test({ name: "SOLVER.AMP stops a run that skips all its steps", ignore }, async () => {
  await inTempDir(async (folder) => {
    const overrides = [...SMALL, "DATASET.SUBSET", "4", "DISTILLER.TYPE", "NONE", ...AMP];
    const { run, events } = await openRun(gpu, folder, overrides);
    run.trainer.options.scaler!.loadStateDict(
      new Map([
        ["scale", { data: Float32Array.of(2 ** 120) }],
        ["counts", { data: new Float32Array(3) }],
      ]),
    );
    const message =
      "steps in a row had gradients that are not finite numbers, down to a loss scale";
    await assertRejects(() => run.train(), TrainingError, message);
    assertEquals(events.some((event) => event.type === "epoch_end"), false);
    run.dispose();
  });
});

Deno.test({ name: "SOLVER.AMP stops at a loss that is not a number", ignore }, async () => {
  await inTempDir(async (folder) => {
    const overrides = [...SMALL, "DISTILLER.TYPE", "NONE", "SOLVER.LR", "1e30", ...AMP];
    const { run } = await openRun(gpu, folder, overrides);
    const message = "the loss is not a finite number at epoch 1, step";
    await assertRejects(() => run.train(), TrainingError, message);
    run.dispose();
  });
});
