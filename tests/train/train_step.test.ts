import { assertAlmostEquals, assertEquals } from "@std/assert";
import { runMetrics } from "../../src/train/run_metrics.ts";
import { device } from "../helpers.ts";
import { inTempDir, openRun } from "./helpers.ts";

Deno.test("runMetrics() averages totals over steps and images", () => {
  const totals = Float32Array.of(4, 0, 10, 6, 4, 12, 30, 0);
  assertEquals(runMetrics(totals, ["loss_ce", "loss_kd"], 8), {
    steps: 4,
    badStep: 0,
    loss: 2.5,
    losses: { loss_ce: 1.5, loss_kd: 1 },
    top1: 37.5,
    top5: 93.75,
  });
  assertEquals(runMetrics(new Float32Array(8), ["loss_ce"], 8).loss, 0);
});

Deno.test("TrainStep adds up losses and hits over an epoch as its reports say", async () => {
  const gpu = await device();
  await inTempDir(async (folder) => {
    const overrides = ["DISTILLER.TYPE", "NONE", "SOLVER.EPOCHS", "1", "SOLVER.LR", "1e-9"];
    const { run, events } = await openRun(gpu, folder, overrides);
    await run.train();
    const end = events.find((event) => event.type === "epoch_end")!;
    const last = events.findLast((event) => event.type === "step")!;
    assertEquals(last.step, 5);
    assertEquals([last.loss, last.top1], [end.train.loss, end.train.top1]);
    assertEquals(end.train.losses, { loss_ce: end.train.loss });
    // An untrained student guesses: its loss is near ln 10, and every hit is one of 40 images.
    assertAlmostEquals(end.train.loss, Math.log(10), 0.7);
    assertEquals((end.train.top1 * 40 / 100) % 1, 0);
    assertEquals(end.train.top5 >= end.train.top1, true);
    run.dispose();
  });
});
