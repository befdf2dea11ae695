import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { Vanilla } from "../../src/distill/vanilla.ts";
import { Model, type ModelOutput } from "../../src/models/model.ts";
import { createModel } from "../../src/models/registry.ts";
import { manualSeed } from "../../src/nn/init.ts";
import { Linear } from "../../src/nn/linear.ts";
import { AdamW } from "../../src/optim/adamw.ts";
import { GradScaler } from "../../src/optim/grad_scaler.ts";
import { ModelEma } from "../../src/optim/model_ema.ts";
import type { Optimizer } from "../../src/optim/optimizer.ts";
import { SGD } from "../../src/optim/sgd.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { runMetrics } from "../../src/train/metrics/run_metrics.ts";
import { type GradientHook, TrainStep } from "../../src/train/train_step.ts";
import { assertClose, device, labels, values } from "../helpers.ts";
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
    assertEquals(end.train.top5! >= end.train.top1, true);
    run.dispose();
  });
});

interface Settings {
  amp?: boolean;
  lr?: number;
  clipNorm?: number;
  accumulate?: number;
  /** Of an average. */
  decay?: number;
  /** Images of a batch. */
  images?: number;
  onGradients?: GradientHook;
  /** Called with every step's number before it. */
  before?: (step: number, optimizer: Optimizer) => void;
  optimizer?: (parameters: Tensor[]) => Optimizer;
}

const STEPS = 4;
const IMAGE = [1, 28, 28];

/** The classifier's weights of a student after four steps, replayed from the second on, and what made them. */
async function trainedFor(settings: Settings) {
  const { amp = false, lr = 0.125, accumulate = 1, images = 1, decay, ...rest } = settings;
  const gpu = await device();
  manualSeed(5);
  const student = createModel("resnet8", { numClasses: 10, inChannels: 1 });
  const distiller = new Vanilla(student);
  const sgd = (parameters: Tensor[]) => new SGD(parameters, { lr, momentum: 0.5 });
  const optimizer = (rest.optimizer ?? sgd)(student.parameters());
  const scaler = amp ? new GradScaler(gpu, { initScale: 256 }) : null;
  const ema = decay ? new ModelEma(student.stateDict(), optimizer.groups, decay) : null;
  const step = new TrainStep({
    ...{ gpu, distiller, optimizer, scaler, ema, imageShape: [images, ...IMAGE] },
    ...{ clipNorm: rest.clipNorm, accumulate: accumulate > 1, onGradients: rest.onGradients },
  });
  for (let i = 0; i < STEPS; i++) {
    const batch = {
      images: values(`images ${i}`, [images, ...IMAGE]),
      labels: labels(`label ${i}`, images, 10),
    };
    rest.before?.(i, optimizer);
    const of = Math.min(accumulate, STEPS - (i - i % accumulate));
    await step.run(batch, { epoch: 1, epochs: 1 }, { index: i % accumulate, of });
  }
  const weights = await student.classifier.weight.data() as Float32Array;
  const scale = await scaler?.scaleFactor.item();
  const { recordings } = step;
  const totals = await step.totals.data();
  const average = ema && await ema.stateDict().get("fc.weight")!.data();
  for (const each of [step, ema, optimizer, scaler, student]) each?.dispose();
  return { weights, recordings, totals, scale, average };
}

const { half } = await device();

for (const amp of [false, true]) {
  const name = `TrainStep updates with what onGradients makes of the gradients, at every step${
    amp ? ", scaled ones too" : ""
  }`;
  Deno.test({ name, ignore: amp && !half }, async () => {
    let calls = 0;
    const double: GradientHook = async (gradients) => {
      // The update waits for it, whatever it waits for.
      await new Promise((resolve) => setTimeout(resolve));
      for (const each of gradients) each.add_(each);
      calls++;
    };
    // Twice the gradients are twice the learning rate, to the bit.
    const doubled = await trainedFor({ amp, onGradients: double });
    assertEquals(calls, STEPS);
    assertEquals(doubled.weights, (await trainedFor({ amp, lr: 0.25 })).weights);
    const plain = await trainedFor({ amp });
    assert(doubled.weights.some((weight, i) => weight !== plain.weights[i]));
    const looked = await trainedFor({ amp, onGradients: () => {} });
    assertEquals(looked.weights, plain.weights);
    assertEquals(looked.recordings, 2);
  });
}

Deno.test("TrainStep makes two recordings, however the learning rate goes", async () => {
  const seen: number[] = [];
  const before = (step: number, optimizer: Optimizer) => {
    optimizer.setLr(0.125 / (step + 1));
    seen.push(optimizer.lr);
  };
  for (const accumulate of [1, 2]) {
    for (const make of [undefined, (of: Tensor[]) => new AdamW(of, { lr: 0.01 })]) {
      const changed = await trainedFor({ before, accumulate, optimizer: make });
      assertEquals(changed.recordings, 2);
      const constant = await trainedFor({ accumulate, optimizer: make });
      assert(changed.weights.some((weight, i) => weight !== constant.weights[i]));
    }
  }
  assertEquals(new Set(seen).size, STEPS);
});

Deno.test("TrainStep moves the average with every update, and the student as without it", async () => {
  const accumulate = 2;
  const plain = await trainedFor({ accumulate });
  const averaged = await trainedFor({ accumulate, decay: 0.75 });
  assertEquals([averaged.weights, averaged.recordings], [plain.weights, 2]);
  const updates: Float32Array[] = [];
  let moved: Optimizer;
  await trainedFor({
    accumulate,
    before: (_, optimizer) => moved = optimizer,
    onGradients: async () => {
      const { parameter } = moved.groups[0].slots.at(-2)!;
      updates.push(await parameter.data() as Float32Array);
    },
  });
  const [first, ...others] = [...updates, plain.weights];
  const wanted = others.reduce((average, now) => {
    return average.map((value, i) => value + 0.25 * (now[i] - value));
  }, first);
  assertEquals(updates.length, STEPS / accumulate);
  assertClose(averaged.average!, wanted, 1e-6);
});

/** Two layers without batch normalisation, for images of four pixels. */
class Tiny extends Model {
  readonly first = new Linear(4, 8);
  readonly fc = new Linear(8, 10);
  readonly stageChannels = [];

  get classifier(): Linear {
    return this.fc;
  }

  forward(x: Tensor): ModelOutput {
    const pooledFeat = this.first.forward(x.reshape(x.shape[0], 4)).relu();
    const features = { feats: [], preactFeats: [], pooledFeat };
    return { logits: this.fc.forward(pooledFeat), features };
  }
}

/** Gradients that TrainStep hands to the hook for batches of `images` images each. */
async function gradientsOf(sizes: readonly number[], amp = false): Promise<Float32Array[]> {
  const gpu = await device();
  manualSeed(5);
  const student = new Tiny();
  const optimizer = new SGD(student.parameters(), { lr: 0 });
  const found: Float32Array[] = [];
  const scaler = amp ? new GradScaler(gpu, { initScale: 1 }) : null;
  const step = new TrainStep({
    ...{ gpu, distiller: new Vanilla(student), optimizer, scaler },
    imageShape: [Math.max(...sizes), 1, 2, 2],
    accumulate: true,
    onGradients: async ([gradients]) => {
      found.push(await gradients.data() as Float32Array);
    },
  });
  const [images, classes] = [values("images", [8, 1, 2, 2]), labels("labels", 8, 10)];
  // Twice, so that the second update is replayed and starts from nothing.
  for (let time = 0; time < 2; time++) {
    let start = 0;
    for (const [index, size] of sizes.entries()) {
      const room = Math.max(...sizes);
      const batch = {
        images: new Float32Array(4 * room),
        labels: new Int32Array(room),
        size,
      };
      batch.images.set(images.subarray(4 * start, 4 * (start + size)));
      batch.labels.set(classes.subarray(start, start + size));
      await step.run(batch, { epoch: 1, epochs: 1 }, { index, of: sizes.length });
      start += size;
    }
  }
  for (const each of [step, optimizer, scaler, student]) each?.dispose();
  return found;
}

Deno.test("TrainStep's batches accumulated give the gradients of one whole batch", async () => {
  const [whole, again] = await gradientsOf([8]);
  assertEquals(again, whole);
  for (const sizes of [[4, 4], [2, 2, 2, 2]]) {
    const accumulated = await gradientsOf(sizes);
    assertEquals(accumulated.length, 2);
    for (const found of accumulated) assertClose(found, whole, 1e-6);
  }
  // Of batches of other sizes it is the mean of their means.
  const [uneven] = await gradientsOf([6, 2]);
  const error = uneven.reduce((sum, value, i) => sum + (value - whole[i]) ** 2, 0);
  assert(error > 1e-4);
  if (half) {
    const [[one], [two]] = [await gradientsOf([8], true), await gradientsOf([4, 4], true)];
    assertClose(two, one, 1e-3);
  }
});

Deno.test("TrainStep averages what is left of a window, and metrics over every batch", async () => {
  const counts: number[] = [];
  const onGradients: GradientHook = ([gradients]) => void counts.push(gradients.numel);
  const { totals, recordings } = await trainedFor({ accumulate: 3, onGradients });
  // Three batches make the first update, the fourth the second.
  assertEquals(counts.length, 2);
  assertEquals(totals[0], STEPS);
  assertEquals(recordings, 2);
});

Deno.test("TrainStep refuses a share in an update where it was not made to accumulate", async () => {
  const gpu = await device();
  const student = new Tiny();
  const optimizer = new SGD(student.parameters(), { lr: 0.1 });
  const distiller = new Vanilla(student);
  const step = new TrainStep({ gpu, distiller, optimizer, imageShape: [1, 1, 2, 2] });
  const batch = { images: new Float32Array(4), labels: new Int32Array(1) };
  await assertRejects(
    () => step.run(batch, { epoch: 1, epochs: 1 }, { index: 0, of: 2 }),
    RangeError,
    "an update from 2 batches; the step wants accumulate: true for it",
  );
  for (const each of [step, optimizer, student]) each.dispose();
});

for (const amp of [false, true]) {
  Deno.test({
    name: `TrainStep clips gradients by their norm${amp ? ", without the scale" : ""}`,
    ignore: amp && !half,
  }, async () => {
    // Far below every norm: each step goes as far as the clipped one, so half the norm is half the learning rate.
    const clipped = await trainedFor({ amp, lr: 0.25, clipNorm: 2 ** -8 });
    const lower = await trainedFor({ amp, lr: 0.5, clipNorm: 2 ** -9 });
    assertClose(clipped.weights, lower.weights, 1e-6);
    const plain = await trainedFor({ amp, lr: 0.25 });
    assert(clipped.weights.some((weight, i) => weight !== plain.weights[i]));
    assertEquals((await trainedFor({ amp, lr: 0.25, clipNorm: 1e6 })).weights, plain.weights);
  });
}
