// Training steps in mixed precision against float32, and what their tensors take at most.
// Run: deno bench -A bench/amp.bench.ts
import { cases } from "./cases.ts";
import { KD } from "../src/distill/kd.ts";
import { createModel } from "../src/models/registry.ts";
import { manualSeed } from "../src/nn/init.ts";
import { GradScaler } from "../src/optim/grad_scaler.ts";
import { SGD } from "../src/optim/sgd.ts";
import { init } from "../src/tensor/default_device.ts";
import { Generator } from "../src/tensor/random.ts";
import { TrainStep } from "../src/train/train_step.ts";

const gpu = await init();

/** Teacher, student, images of a batch, classes, size of the images. */
type Setting = readonly [string, string, number, number, number];

const SETTINGS: readonly Setting[] = gpu.software ? [["resnet20", "resnet8", 16, 10, 32]] : [
  ["resnet32x4", "resnet8x4", 64, 100, 32],
  ["resnet32x4", "ShuffleV2", 64, 100, 32],
  ["ResNet34", "ResNet18", 32, 1000, 224],
];

const STEPS = gpu.software ? 2 : 20;

async function prepare(setting: Setting, half: boolean): Promise<() => Promise<void>> {
  const [teacherName, studentName, batch, numClasses, size] = setting;
  manualSeed(1);
  const family = size > 64 ? "imagenet" as const : "cifar" as const;
  const model = (name: string) => createModel(name, { numClasses, family });
  const teacher = model(teacherName).requiresGrad_(false).eval();
  const distiller = new KD(model(studentName), teacher, {
    temperature: 4,
    ceWeight: 0.1,
    kdWeight: 0.9,
  });
  const optimizer = new SGD(distiller.student.parameters(), {
    lr: 0.01,
    momentum: 0.9,
    weightDecay: 5e-4,
  });
  const scaler = half ? new GradScaler(gpu) : null;
  const imageShape = [batch, 3, size, size];
  const step = new TrainStep({ gpu, distiller, optimizer, scaler, imageShape });
  const generator = new Generator(1);
  const images = Float32Array.from(
    { length: imageShape.reduce((a, b) => a * b) },
    () => 2 * generator.next() - 1,
  );
  const labels = Int32Array.from({ length: batch }, (_, i) => i % numClasses);
  const run = () => step.run({ images, labels }, { epoch: 1, epochs: 1 });
  gpu.account.peak = gpu.account.inUse;
  const before = gpu.account.inUse;
  await run();
  await gpu.finished();
  const megabytes = (gpu.account.peak - before) / 2 ** 20;
  console.log(`${studentName} ${half ? "float16" : "float32"}: ${megabytes.toFixed(1)} MB a step`);
  return run;
}

for (const setting of cases(gpu, SETTINGS, () => false)) {
  const [teacher, student, batch, , size] = setting;
  for (const half of gpu.half ? [false, true] : [false]) {
    let run: (() => Promise<void>) | null = null;
    Deno.bench({
      group: `${teacher} to ${student}, KD, ${batch} images of ${size} x ${size}`,
      name: `${half ? "mixed precision" : "float32"}, ${STEPS} steps`,
      baseline: !half,
      n: 5,
      warmup: 1,
      fn: async (timer) => {
        run ??= await prepare(setting, half);
        timer.start();
        for (let i = 0; i < STEPS; i++) await run();
        await gpu.finished();
        timer.end();
      },
    });
  }
}
