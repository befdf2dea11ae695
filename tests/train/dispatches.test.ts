import { assertEquals } from "@std/assert";
import { WKD } from "../../src/distill/wkd.ts";
import { Gpu } from "../../src/gpu/gpu.ts";
import { createModel } from "../../src/models/registry.ts";
import { withoutPreact } from "../../src/models/wanted_features.ts";
import { Folding } from "../../src/nn/folding.ts";
import { skipInit } from "../../src/nn/init.ts";
import { CostKernel } from "../../src/ops/sinkhorn/cost_kernel.ts";
import { GradScaler } from "../../src/optim/grad_scaler.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { featureShapes } from "../../src/run/build_distiller.ts";
import { noGrad } from "../../src/tensor/autograd.ts";
import { zeros } from "../../src/tensor/create.ts";
import { setDefaultDevice } from "../../src/tensor/default_device.ts";
import { TrainStep } from "../../src/train/train_step.ts";
import { device } from "../helpers.ts";

const real = await device();
const IMAGE = [3, 32, 32];
const CLASSES = 100;
const BATCH = 64;

/** The device of all tests as one of a kind, which keeps what it is told and runs nothing. */
function dry(software: boolean): Gpu {
  const gpu = new Gpu(real.device, real.info, software);
  gpu.flush = () => Promise.resolve();
  gpu.flushNow = () => {};
  gpu.upload = () => {};
  return gpu;
}

/** Runs `fn` with such a device as the default one, and frees what it took. */
async function onDry<T>(software: boolean, fn: (gpu: Gpu) => Promise<T>): Promise<T> {
  const gpu = dry(software);
  setDefaultDevice(gpu);
  try {
    return await fn(gpu);
  } finally {
    setDefaultDevice(real);
    gpu.trim();
  }
}

/** Names of teacher and student. */
type Pair = readonly [teacher: string, student: string];

const model = (name: string) => skipInit(() => createModel(name, { numClasses: CLASSES }));

function wkd([from, to]: Pair): WKD {
  const [student, teacher] = [model(to), model(from).requiresGrad_(false).eval()];
  const cost = new Float32Array(CLASSES ** 2).fill(0.7);
  for (let i = 0; i < CLASSES; i++) cost[i * CLASSES + i] = 0;
  const [studentShapes, teacherShapes] = [student, teacher].map((each) =>
    featureShapes(each, [1, ...IMAGE]).feats
  );
  return new WKD(student, teacher, {
    ceWeight: 1,
    cosineDecayEpoch: 150,
    logit: { weight: 50, temperature: 4, iterations: 10, cost: new CostKernel(cost, CLASSES) },
    feature: {
      ...{ weight: 0.2, hintLayer: -1, meanCovRatio: 4, projector: "conv1x1", grid: 1, eps: 1e-5 },
      studentShapes,
      teacherShapes,
    },
  });
}

/** Dispatches of the step, and of its teacher's forward pass in float32, on one kind of device. */
function dispatches(
  { software, mixed = false }: { readonly software: boolean; readonly mixed?: boolean },
  ...pair: Pair
): Promise<{ step: number; teacher: number }> {
  return onDry(software, async (gpu) => {
    const distiller = wkd(pair);
    const scaler = mixed ? new GradScaler(gpu) : null;
    const modules = [distiller.student, ...Object.values(distiller.extraModules)];
    const optimizer = new SGD(modules.flatMap((module) => module.parameters()), {
      ...{ lr: 0.05, momentum: 0.9, weightDecay: 5e-4, nesterov: true },
    });
    const imageShape = [BATCH, ...IMAGE];
    const step = new TrainStep({ gpu, distiller, optimizer, scaler, imageShape });
    const batch = { images: new Float32Array(BATCH * 3072), labels: new Int32Array(BATCH) };
    await step.run(batch, { epoch: 1, epochs: 240 });
    const images = zeros([BATCH, ...IMAGE]);
    const folding = new Folding();
    const forward = () => distiller.teacher.forward(images).logits;
    const recording = await gpu.record(() => {
      noGrad(() => void folding.run(() => withoutPreact(forward)));
    });
    const found = { step: step.dispatches, teacher: recording.dispatches };
    for (const each of [recording, folding, images, step, optimizer, distiller]) each.dispose();
    for (const each of [...modules, distiller.teacher]) each.dispose();
    scaler?.dispose();
    return found;
  });
}

Deno.test("a WKD step from resnet32x4 to resnet8x4 has so many dispatches on hardware", async () => {
  // The teacher: 34 convolutions, the average and the classifier. README and docs/results.md tell the numbers.
  assertEquals(await dispatches({ software: false }, "resnet32x4", "resnet8x4"), {
    step: 148,
    teacher: 36,
  });
});

Deno.test({
  name: "in mixed precision it has twelve more, for casts, the loss scale and its check",
  ignore: !real.half,
  fn: async () => {
    const hardware = { software: false, mixed: true };
    const { step } = await dispatches(hardware, "resnet32x4", "resnet8x4");
    assertEquals(step, 160);
  },
});

Deno.test("a WKD step from resnet20 to resnet8 has so many dispatches on software", async () => {
  assertEquals(await dispatches({ software: true }, "resnet20", "resnet8"), {
    step: 192,
    teacher: 39,
  });
});
