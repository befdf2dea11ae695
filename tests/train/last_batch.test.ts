import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../src/errors.ts";
import { Vanilla } from "../../src/distill/vanilla.ts";
import type { Model } from "../../src/models/model.ts";
import { createModel } from "../../src/models/registry.ts";
import { manualSeed } from "../../src/nn/init.ts";
import { crossEntropy } from "../../src/ops/softmax/cross_entropy.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { tensor } from "../../src/tensor/create.ts";
import { runMetrics } from "../../src/train/metrics/run_metrics.ts";
import { type HostBatch, TrainStep } from "../../src/train/train_step.ts";
import { device, labels, values } from "../helpers.ts";
import { inTempDir } from "../temp_dir.ts";
import { openRun, writeTeacher } from "./helpers.ts";

const gpu = await device();
const IMAGE = [1, 28, 28];
const PIXELS = 28 * 28;
const SIZES = [8, 3, 8];

/** A batch of eight of which `size` are real: a network that sees the others makes NaN. */
function batchOf(
  size: number,
  at: number,
): Required<Pick<HostBatch, "images" | "labels" | "size">> {
  const images = values(`batch ${at}`, [8, ...IMAGE], 1).fill(NaN, size * PIXELS);
  return { images, labels: labels(`batch ${at}`, 8, 10), size };
}

function studentAndOptimizer(): [Model, SGD] {
  manualSeed(5);
  const student = createModel("resnet8", { numClasses: 10, inChannels: 1 }).train();
  return [student, new SGD(student.parameters(), { lr: 0.05, momentum: 0.9 })];
}

/** Weights and losses of steps that are written out. */
async function writtenOut(): Promise<{ weights: Float32Array; losses: number[] }> {
  const [student, optimizer] = studentAndOptimizer();
  const losses: number[] = [];
  for (const [at, size] of SIZES.entries()) {
    const batch = batchOf(size, at);
    const images = tensor(batch.images.subarray(0, size * PIXELS), [size, ...IMAGE]);
    const target = tensor(batch.labels.subarray(0, size));
    optimizer.zeroGrad();
    const loss = crossEntropy(student.forward(images).logits, target);
    loss.backward();
    const value = loss.item();
    optimizer.step();
    losses.push(await value);
    for (const each of [images, target]) each.dispose();
  }
  const weights = await student.classifier.weight.data() as Float32Array;
  for (const each of [optimizer, student]) each.dispose();
  return { weights, losses };
}

Deno.test("TrainStep trains on what a smaller batch holds and on nothing else", async () => {
  const { weights, losses } = await writtenOut();
  const [student, optimizer] = studentAndOptimizer();
  const imageShape = [8, ...IMAGE];
  const step = new TrainStep({ gpu, distiller: new Vanilla(student), optimizer, imageShape });
  for (const [at, size] of SIZES.entries()) {
    await step.run(batchOf(size, at), { epoch: 1, epochs: 1 });
  }
  assertEquals(await student.classifier.weight.data(), weights);
  const images = SIZES.reduce((a, b) => a + b);
  const metrics = runMetrics(await step.totals.data() as Float32Array, ["loss_ce"], 8, images);
  const mean = losses.reduce((sum, loss, at) => sum + loss * SIZES[at], 0) / images;
  assertAlmostEquals(metrics.loss, mean, 1e-6);
  assertEquals(metrics.steps, 3);
  for (const each of [step, optimizer, student]) each.dispose();
});

Deno.test("TrainStep holds one recording at a time, and makes that of whole batches again", async () => {
  const [student, optimizer] = studentAndOptimizer();
  const imageShape = [8, ...IMAGE];
  const step = new TrainStep({ gpu, distiller: new Vanilla(student), optimizer, imageShape });
  assertEquals(await step.recorded(), null);
  const inUse: number[] = [];
  for (const [at, size] of [8, 3, 8, 3, 8].entries()) {
    await step.run(batchOf(size, at), { epoch: 1, epochs: 1 });
    inUse.push(gpu.account.inUse);
  }
  assertEquals(inUse.slice(2), [inUse[0], inUse[1], inUse[0]]);
  await step.run(batchOf(3, 5), { epoch: 1, epochs: 1 });
  assertEquals(step.dispatches, 0);
  assertEquals((await step.recorded())!.dispatches, step.dispatches);
  for (const each of [step, optimizer, student]) each.dispose();
});

for (const type of ["WKD", "CRD", "RKD", "REVIEWKD"]) {
  Deno.test(`a run with ${type} trains on every image of an epoch`, async () => {
    await inTempDir(async (folder) => {
      await writeTeacher(folder);
      const { run, events } = await openRun(gpu, `${folder}/run`, [
        ...["DISTILLER.TYPE", type, "SOLVER.EPOCHS", "2", "SOLVER.BATCH_SIZE", "12"],
        ...["WKD.COST_MATRIX", "fc", "WKD.LOSS.WKD_LOGIT_WEIGHT", "10"],
        ...["WKD.LOSS.WKD_FEAT_WEIGHT", "0.2", "CRD.NCE.K", "16"],
        ...["CRD.FEAT.STUDENT_DIM", "64", "CRD.FEAT.TEACHER_DIM", "64"],
        ...["REVIEWKD.SHAPES", "[1, 7, 14, 28]", "REVIEWKD.OUT_SHAPES", "[1, 7, 14, 28]"],
        ...[
          "REVIEWKD.IN_CHANNELS",
          "[16, 32, 64, 64]",
          "REVIEWKD.OUT_CHANNELS",
          "[16, 32, 64, 64]",
        ],
        ...["LOG.TENSORBOARD_FREQ", "3"],
      ]);
      assertEquals(await run.train(), true);
      const start = events.find((event) => event.type === "run_start")!;
      assertEquals(start.stepsPerEpoch, 4); // 12, 12, 12 and 4 images
      const ends = events.filter((event) => event.type === "epoch_end");
      assertEquals(ends.length, 2);
      for (const { train } of ends) {
        assertEquals(Number.isFinite(train.loss), true);
        const hits = train.top1 * 40 / 100;
        assertAlmostEquals(hits, Math.round(hits), 1e-9);
      }
      const points = events.filter((event) => event.type === "point");
      assertEquals(points.map(({ globalStep, steps }) => [globalStep, steps]), [[3, 3], [6, 2]]);
      // The profiler wants the step of a whole batch, though the last one was smaller.
      const { step } = run.trainer;
      assertEquals(step.dispatches, 0);
      assertEquals((await step.recorded())!.dispatches > 0, true);
      run.dispose();
    });
  });
}

Deno.test("a run on fewer images than a batch has room for trains on them all", async () => {
  for (const [perClass, batch] of [[4, 64], [1, 1000000]]) {
    await inTempDir(async (folder) => {
      const ends = async (size: number) => {
        const { run, events } = await openRun(gpu, `${folder}/${size}`, [
          ...["DISTILLER.TYPE", "NONE", "SOLVER.EPOCHS", "2", "DATASET.SUBSET", String(perClass)],
          ...["SOLVER.BATCH_SIZE", String(size), "DATASET.TEST.BATCH_SIZE", "1000000"],
        ]);
        assertEquals(await run.train(), true);
        run.dispose();
        return events.filter((event) => event.type === "epoch_end").map(({ train, test }) => {
          return [train.loss, train.top1, test.loss, test.top1];
        });
      };
      assertEquals(await ends(batch), await ends(10 * perClass));
    });
  }
});

for (const type of ["NONE", "KD", "WKD", "PKT", "SP"]) {
  Deno.test(`a run with ${type} trains on a single image`, async () => {
    await inTempDir(async (folder) => {
      await writeTeacher(folder);
      const { run, events } = await openRun(gpu, `${folder}/run`, [
        ...["DISTILLER.TYPE", type, "SOLVER.EPOCHS", "2", "WKD.COST_MATRIX", "fc"],
        ...["WKD.LOSS.WKD_LOGIT_WEIGHT", "10", "WKD.LOSS.WKD_FEAT_WEIGHT", "0.2"],
      ], { images: 1 });
      assertEquals(await run.train(), true);
      const ends = events.filter((event) => event.type === "epoch_end");
      assertEquals(ends.map(({ train }) => Number.isFinite(train.loss)), [true, true]);
      run.dispose();
    });
  });
}

Deno.test("RKD refuses batches of one image, which has no others to be compared with", async () => {
  await inTempDir(async (folder) => {
    await writeTeacher(folder);
    const open = (overrides: readonly string[], images?: number) =>
      openRun(gpu, `${folder}/run`, ["DISTILLER.TYPE", "RKD", ...overrides], { images });
    const message = "RKD compares the images of a batch, and these have one image each";
    await assertRejects(() => open([], 1), UserError, message);
    await assertRejects(() => open(["SOLVER.BATCH_SIZE", "1"]), UserError, message);
  });
});
