import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { cutMix, type Mix, UNMIXED } from "../../src/data/augment/mix.ts";
import type { Distiller, DistillerOutput } from "../../src/distill/distiller.ts";
import { Vanilla } from "../../src/distill/vanilla.ts";
import { UserError } from "../../src/errors.ts";
import type { Model } from "../../src/models/model.ts";
import { createModel } from "../../src/models/registry.ts";
import { manualSeed } from "../../src/nn/init.ts";
import { crossEntropy } from "../../src/ops/softmax/cross_entropy.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { tensor } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { runMetrics } from "../../src/train/metrics/run_metrics.ts";
import { TrainStep } from "../../src/train/train_step.ts";
import { assertClose, device, labels, values } from "../helpers.ts";
import { inTempDir } from "../temp_dir.ts";
import { openRun, writeTeacher } from "./helpers.ts";

const gpu = await device();
const IMAGE = [1, 28, 28];
const PIXELS = 28 * 28;
const SMOOTHING = 0.1;
const WEIGHTS = Array.from({ length: 10 }, (_, c) => 1 + c / 10);

/** How many images each step has of eight, and how they are mixed; the last one mixes the larger share of others in. */
const STEPS: readonly [number, Mix][] = [
  [8, { ...UNMIXED, weight: 0.75, share: 0.75 }],
  [8, UNMIXED],
  [8, cutMix(0.5, 3, 9, 28, 28)],
  [3, { ...UNMIXED, weight: 0.25, share: 0.25 }],
];

function studentAndOptimizer(): [Model, SGD] {
  manualSeed(5);
  const student = createModel("resnet8", { numClasses: 10, inChannels: 1 }).train();
  return [student, new SGD(student.parameters(), { lr: 0.05, momentum: 0.9 })];
}

function batchOf(at: number) {
  return { images: values(`batch ${at}`, [8, ...IMAGE], 1), labels: labels(`batch ${at}`, 8, 10) };
}

/** The batch's images mixed on the host. */
function mixedOnHost(images: Float32Array, size: number, { weight, box }: Mix): Float32Array {
  const [top, bottom, left, right] = box;
  return images.slice(0, size * PIXELS).map((own, i) => {
    const [n, y, x] = [Math.floor(i / PIXELS), Math.floor(i / 28) % 28, i % 28];
    const other = images[(size - 1 - n) * PIXELS + i % PIXELS];
    const inside = y >= top && y < bottom && x >= left && x < right;
    return inside ? other : weight * own + (1 - weight) * other;
  });
}

/** Distributions of timm's `mixup_target`. */
function mixedTargets(own: Int32Array, share: number): number[] {
  const others = own.slice().reverse();
  return Array.from(own).flatMap((label, n) =>
    Array.from({ length: 10 }, (_, c) =>
      SMOOTHING / 10 + (1 - SMOOTHING) *
        (share * Number(c === label) + (1 - share) * Number(c === others[n])))
  );
}

Deno.test("TrainStep mixes images and labels of replayed steps and of a smaller batch", async () => {
  const [student, optimizer] = studentAndOptimizer();
  const imageShape = [8, ...IMAGE];
  const options = { labelSmoothing: SMOOTHING, mixes: true };
  const step = new TrainStep({
    ...{ gpu, distiller: new Vanilla(student), optimizer, imageShape, ...options },
  });
  const [other, sgd] = studentAndOptimizer();
  let losses = 0;
  let hits = 0;
  for (const [at, [size, mix]] of STEPS.entries()) {
    const batch = batchOf(at);
    await step.run({ ...batch, size, mix }, { epoch: 1, epochs: 1 });
    const own = batch.labels.slice(0, size);
    const images = tensor(mixedOnHost(batch.images, size, mix), [size, ...IMAGE]);
    const targets = tensor(mixedTargets(own, mix.share), [size, 10]);
    sgd.zeroGrad();
    const { logits } = other.forward(images);
    const loss = crossEntropy(logits, targets);
    loss.backward();
    const numbers = [loss.item(), logits.data()] as const;
    sgd.step();
    losses += size * await numbers[0];
    const larger = mix.share < 0.5 ? own.slice().reverse() : own;
    const found = await numbers[1];
    for (const [n, label] of larger.entries()) {
      const row = [...found.subarray(10 * n, 10 * n + 10)];
      hits += Number(row[label] === Math.max(...row));
    }
  }
  const totals = await step.totals.data() as Float32Array;
  const images = STEPS.reduce((sum, [size]) => sum + size, 0);
  const metrics = runMetrics(totals, step.lossNames, 8, images);
  assertAlmostEquals(metrics.loss, losses / images, 1e-4);
  assertAlmostEquals(metrics.top1, 100 * hits / images, 1e-4);
  assertClose(await student.classifier.weight.data(), await other.classifier.weight.data(), 1e-4);
  // The update and the whole batch once each, and the smaller one.
  assertEquals(step.recordings, 3);
  for (const each of [step, optimizer, sgd, student, other]) each.dispose();
});

/** Knows labels alone, as a module of somebody's may. */
class Plain implements Distiller {
  readonly teacher = null;
  readonly extraModules = {};

  constructor(readonly student: Model) {}

  sameSchedule(): boolean {
    return true;
  }

  forwardTrain(images: Tensor, labels: Tensor): DistillerOutput {
    const { logits } = this.student.forward(images);
    return { logits, losses: { loss_ce: crossEntropy(logits, labels) } };
  }
}

Deno.test("TrainStep refuses settings of labels that a distiller's losses do not follow", async () => {
  const [student, optimizer] = studentAndOptimizer();
  const imageShape = [8, ...IMAGE];
  const made = { gpu, distiller: new Plain(student), optimizer, imageShape };
  const schedule = { epoch: 1, epochs: 1 };
  for (const set of [{ labelSmoothing: 0.1 }, { classWeights: WEIGHTS }, { mixes: true }, {}]) {
    const step = new TrainStep({ ...made, ...set });
    const running = step.run(batchOf(0), schedule);
    if (Object.keys(set).length === 0) await running;
    else {
      const message = "the losses of Plain know plain labels alone, not ";
      await assertRejects(() => running, UserError, message);
    }
    step.dispose();
  }
  for (const each of [optimizer, student]) each.dispose();
});

Deno.test("Run refuses mixed images for CRD, and class weights of another number", async () => {
  await inTempDir(async (folder) => {
    await writeTeacher(folder);
    const open = (...overrides: string[]) => openRun(gpu, join(folder, "run"), overrides);
    const crd = [
      ...["DISTILLER.TYPE", "CRD", "CRD.FEAT.STUDENT_DIM", "64", "CRD.FEAT.TEACHER_DIM", "64"],
      ...["CRD.NCE.K", "4"],
    ];
    await assertRejects(
      () => open(...crd, "SOLVER.CUTMIX_ALPHA", "1"),
      UserError,
      "CRD cannot train on mixed images, since its memory holds one embedding of each image as it is; leave " +
        "SOLVER.MIXUP_ALPHA and SOLVER.CUTMIX_ALPHA at 0",
    );
    await assertRejects(
      () => open("DISTILLER.TYPE", "NONE", "SOLVER.CLASS_WEIGHTS", "[1, 2]"),
      UserError,
      "SOLVER.CLASS_WEIGHTS must have a number for each of the 10 classes of fashion_mnist/train",
    );
  });
});
