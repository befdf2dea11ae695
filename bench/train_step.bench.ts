// Whole training steps as the trainer runs them: upload, forward, losses, gradients, update, metrics.
// Run: deno bench -A bench/train_step.bench.ts
import type { Distiller } from "../src/distill/distiller.ts";
import { KD } from "../src/distill/kd.ts";
import { Vanilla } from "../src/distill/vanilla.ts";
import { createModel } from "../src/models/registry.ts";
import { SGD } from "../src/optim/sgd.ts";
import { init } from "../src/tensor/default_device.ts";
import { Generator } from "../src/tensor/random.ts";
import { TrainStep } from "../src/train/train_step.ts";
import { cases } from "./cases.ts";
import { wkdOf } from "./wkd_setting.ts";

const gpu = await init();
const BATCH = 64;

interface Setting {
  name: string;
  /** Of one image. */
  image: readonly [number, number, number];
  classes: number;
  /** Steps between two waits, so that waiting counts little. */
  steps: number;
  distiller: (classes: number, image: readonly number[]) => Distiller;
}

const model = (name: string) => (classes: number, [inChannels]: readonly number[]) =>
  createModel(name, { numClasses: classes, inChannels });

const wkd =
  (teacher: string, student: string, logit: boolean, feature: boolean) =>
  (classes: number, image: readonly number[]) =>
    wkdOf({ teacher, student, logit, feature, classes, image });

const FASHION = { image: [1, 28, 28] as const, classes: 10 };
const CIFAR = { image: [3, 32, 32] as const, classes: 100 };

const SETTINGS: readonly Setting[] = [
  {
    name: "resnet8, cross-entropy",
    ...FASHION,
    steps: 10,
    distiller: (...of) => new Vanilla(model("resnet8")(...of)),
  },
  {
    name: "resnet20, cross-entropy",
    ...FASHION,
    steps: 4,
    distiller: (...of) => new Vanilla(model("resnet20")(...of)),
  },
  {
    name: "resnet20 to resnet8, KD",
    ...FASHION,
    steps: 5,
    distiller: (...of) =>
      new KD(model("resnet8")(...of), model("resnet20")(...of).requiresGrad_(false).eval(), {
        temperature: 4,
        ceWeight: 0.1,
        kdWeight: 0.9,
      }),
  },
  {
    name: "resnet20 to resnet8, WKD-L",
    ...FASHION,
    steps: 5,
    distiller: wkd("resnet20", "resnet8", true, false),
  },
  {
    name: "resnet20 to resnet8, WKD-F",
    ...FASHION,
    steps: 5,
    distiller: wkd("resnet20", "resnet8", false, true),
  },
  {
    name: "resnet20 to resnet8, WKD-L + WKD-F",
    ...FASHION,
    steps: 5,
    distiller: wkd("resnet20", "resnet8", true, true),
  },
  {
    name: "resnet32x4 to resnet8x4, WKD-L",
    ...CIFAR,
    steps: 1,
    distiller: wkd("resnet32x4", "resnet8x4", true, false),
  },
];

const SCHEDULE = { epoch: 1, epochs: 240 };

async function prepare({ image, classes, distiller: make }: Setting) {
  const distiller = make(classes, image);
  const trained = [distiller.student, ...Object.values(distiller.extraModules)];
  const optimizer = new SGD(trained.flatMap((module) => module.parameters()), {
    lr: 0.05,
    momentum: 0.9,
    weightDecay: 5e-4,
    nesterov: true,
  });
  const imageShape = [BATCH, ...image];
  const step = new TrainStep({ gpu, distiller, optimizer, imageShape });
  const generator = new Generator(1);
  const length = imageShape.reduce((a, b) => a * b);
  const batch = {
    images: Float32Array.from({ length }, () => 2 * generator.next() - 1),
    labels: Int32Array.from({ length: BATCH }, (_, i) => i % classes),
  };
  await step.run(batch, SCHEDULE);
  await gpu.finished();
  return () => step.run(batch, SCHEDULE);
}

const FEW = ["resnet8, cross-entropy", "resnet20 to resnet8, WKD-L + WKD-F"];

for (const setting of cases(gpu, SETTINGS, ({ name }) => FEW.includes(name))) {
  const { name, image, steps } = setting;
  const repeats = gpu.software ? steps : 20 * steps;
  let run: (() => Promise<void>) | null = null;
  Deno.bench({
    group: `${name}, ${BATCH} images ${image.join(" x ")}`,
    name: `${repeats} steps`,
    n: 5,
    warmup: 1,
    fn: async (timer) => {
      run ??= await prepare(setting);
      timer.start();
      for (let i = 0; i < repeats; i++) await run();
      await gpu.finished();
      timer.end();
    },
  });
}
