import type { Distiller } from "../../src/distill/distiller.ts";
import { KD } from "../../src/distill/kd.ts";
import type { Gpu } from "../../src/gpu/gpu.ts";
import { GradScaler } from "../../src/optim/grad_scaler.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { createModel } from "../../src/models/registry.ts";
import type { Model } from "../../src/models/model.ts";
import { manualSeed } from "../../src/nn/init.ts";
import { Generator } from "../../src/tensor/random.ts";
import { RunAhead } from "../../src/train/run_ahead.ts";
import { TrainStep } from "../../src/train/train_step.ts";
import { wkdBetween } from "../wkd_setting.ts";
import type { Part, Row } from "./measure.ts";
import settings from "./settings.json" with { type: "json" };

/** A training step; torch_steps.py trains the same. */
interface StepSetting {
  readonly name: string;
  /** KD, WKD-L or WKD-L+F. */
  readonly method: string;
  readonly teacher: string;
  readonly student: string;
  readonly batch: number;
  /** Rows and columns of an image, which has three channels. */
  readonly size: number;
  readonly classes: number;
}

const SCHEDULE = { epoch: 1, epochs: 240 };
/** Seconds that steps are counted for. */
const COUNTED = { small: 0.5, whole: 3 };

/** How a step is run. */
interface Mode {
  readonly precision: "float32" | "mixed";
  readonly kernels: "default" | "tuned";
}

/** Images a second of training steps as the trainer runs them, and what the host does for one. */
export const steps: Part = async function* (gpu, { small, tune, due }) {
  const precisions = gpu.half ? ["float32", "mixed"] as const : ["float32"] as const;
  const measured = tune ? ["tuned", "default"] as const : ["default"] as const;
  const modes = measured.flatMap((kernels) =>
    precisions.map((precision) => ({ precision, kernels }))
  );
  // What matters most comes first, should time run out.
  for (const mode of modes) {
    for (const setting of settings[small ? "small" : "whole"]) {
      if (due()) return yield { step: "the rest", note: "no time" };
      if (mode.kernels === "tuned") gpu.tuning.endRun();
      else if (tune) gpu.tuning.turnOff();
      yield await measureStep(gpu, setting, mode, COUNTED[small ? "small" : "whole"]);
    }
  }
};

function distillerOf({ method, teacher, student, size, classes }: StepSetting): Distiller {
  manualSeed(1);
  const family = size > 32 ? "imagenet" as const : "cifar" as const;
  const model = (name: string): Model => createModel(name, { numClasses: classes, family });
  const [taught, teaching] = [model(student), model(teacher).requiresGrad_(false).eval()];
  if (method === "KD") {
    return new KD(taught, teaching, { temperature: 4, ceWeight: 0.1, kdWeight: 0.9 });
  }
  const feature = method === "WKD-L+F";
  return wkdBetween(taught, teaching, { logit: true, feature, classes, image: [3, size, size] });
}

async function measureStep(
  gpu: Gpu,
  setting: StepSetting,
  { precision, kernels }: Mode,
  counted: number,
): Promise<Row> {
  const { name, batch, size, classes } = setting;
  const distiller = distillerOf(setting);
  const trained = [distiller.student, ...Object.values(distiller.extraModules)];
  const optimizer = new SGD(trained.flatMap((module) => module.parameters()), {
    ...{ lr: 0.01, momentum: 0.9, weightDecay: 5e-4 },
  });
  const scaler = precision === "mixed" ? new GradScaler(gpu) : null;
  const imageShape = [batch, 3, size, size];
  const step = new TrainStep({ gpu, distiller, optimizer, scaler, imageShape });
  try {
    const generator = new Generator(1);
    const images = Float32Array.from(
      { length: 3 * batch * size ** 2 },
      () => 2 * generator.next() - 1,
    );
    const labels = Int32Array.from({ length: batch }, (_, i) => i % classes);
    const run = () => step.run({ images, labels }, SCHEDULE);
    const start = performance.now();
    await run();
    await gpu.finished();
    const firstSeconds = (performance.now() - start) / 1000;
    for (let i = 0; i < (counted < COUNTED.whole ? 0 : 2); i++) await run();
    await gpu.finished();
    const { steps, seconds, host } = await countSteps(gpu, step, run, counted);
    const totals = await step.totals.data();
    return {
      ...{ step: name, precision, kernels },
      "images/s": steps * batch / seconds,
      "ms a step": 1000 * seconds / steps,
      "host ms": host,
      dispatches: step.dispatches,
      "first step s": firstSeconds,
      "MB": gpu.account.inUse / 2 ** 20,
      ...(totals.every(Number.isFinite) ? {} : { note: "not finite" }),
    };
  } finally {
    step.dispose();
    optimizer.dispose();
    for (const module of trained) module.dispose();
    distiller.teacher?.dispose();
    distiller.dispose?.();
    gpu.trim();
  }
}

async function countSteps(
  gpu: Gpu,
  step: TrainStep,
  run: () => Promise<void>,
  counted: number,
): Promise<{ steps: number; seconds: number; host: number }> {
  const ahead = new RunAhead(gpu);
  const start = performance.now();
  let count = 0;
  let host = 0;
  do {
    await run();
    host += step.jsMilliseconds;
    count++;
    await ahead.pace();
  } while (performance.now() - start < 1000 * counted);
  await gpu.finished();
  return { steps: count, seconds: (performance.now() - start) / 1000, host: host / count };
}
