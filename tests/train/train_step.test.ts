import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { Vanilla } from "../../src/distill/vanilla.ts";
import { createModel } from "../../src/models/registry.ts";
import { manualSeed } from "../../src/nn/init.ts";
import { GradScaler } from "../../src/optim/grad_scaler.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { runMetrics } from "../../src/train/run_metrics.ts";
import { TrainStep } from "../../src/train/train_step.ts";
import { device, labels, values } from "../helpers.ts";
import { openRun } from "./helpers.ts";
import { inTempDir } from "../temp_dir.ts";

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

/** The student's weights after three steps, the last two of them replayed. */
async function weightsAfter(
  amp: boolean,
  lr: number,
  reduceGradients?: (optimizer: SGD) => void,
): Promise<Float32Array> {
  const gpu = await device();
  manualSeed(5);
  const student = createModel("resnet8", { numClasses: 10, inChannels: 1 });
  const distiller = new Vanilla(student);
  const optimizer = new SGD(student.parameters(), { lr, momentum: 0.5 });
  const scaler = amp ? new GradScaler(gpu, { initScale: 256 }) : null;
  const imageShape = [1, 1, 28, 28];
  const step = new TrainStep({ gpu, distiller, optimizer, scaler, imageShape, reduceGradients });
  for (let i = 0; i < 3; i++) {
    const batch = {
      images: values(`images ${i}`, imageShape),
      labels: labels(`label ${i}`, 1, 10),
    };
    await step.run(batch, { epoch: 1, epochs: 1 });
  }
  const weights = await student.classifier.weight.data() as Float32Array;
  for (const each of [step, optimizer, scaler, student]) each?.dispose();
  return weights;
}

const { half } = await device();

for (const amp of [false, true]) {
  const name = `TrainStep updates with what reduceGradients makes of the gradients${
    amp ? ", scaled ones too" : ""
  }`;
  Deno.test({ name, ignore: amp && !half }, async () => {
    const double = (optimizer: SGD) => {
      for (const gradients of optimizer.gatherGradients()) gradients.add_(gradients);
    };
    // Twice the gradients are twice the learning rate, to the bit.
    const doubled = await weightsAfter(amp, 0.125, double);
    assertEquals(doubled, await weightsAfter(amp, 0.25));
    const plain = await weightsAfter(amp, 0.125);
    assert(doubled.some((weight, i) => weight !== plain[i]));
  });
}
