/** The work in this project's engine: `deno run -A --config deno.json bench/peers/ours.ts [CASE ...]`. */
import type { Distiller } from "../../src/distill/distiller.ts";
import { Vanilla } from "../../src/distill/vanilla.ts";
import { createModel } from "../../src/models/registry.ts";
import { conv2d } from "../../src/ops/conv/conv2d.ts";
import { convGeometry } from "../../src/ops/conv/geometry.ts";
import { convKernels } from "../../src/ops/conv/variants.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { tensor } from "../../src/tensor/create.ts";
import { init } from "../../src/tensor/default_device.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { TrainStep } from "../../src/train/train_step.ts";
import { wkdOf } from "../wkd_setting.ts";
import { measureCases, type Work } from "./measure.ts";
import { labels, values } from "./random.ts";

const BATCH = 64;
const CLASSES = 10;
const IMAGE = [1, 28, 28];

const gpu = await init();

const random = (shape: number[], scale: number, requiresGrad = false): Tensor =>
  tensor(values(shape.reduce((a, b) => a * b), scale), shape, { requiresGrad });

/** Work that is recorded once and replayed, as training steps are; `step` gives what to wait for. */
async function work(step: () => Tensor): Promise<Work> {
  let last: Tensor | undefined;
  const recording = await gpu.record(() => {
    last = scope(() => step().keep());
  });
  return {
    run: () => {
      recording.replay();
    },
    settle: async () => {
      await gpu.read(last!.storage, 4);
    },
  };
}

function convForward(): Promise<Work> {
  const x = random([BATCH, 64, 32, 32], 1);
  const weight = random([64, 64, 3, 3], 0.05);
  return work(() => conv2d(x, weight, null, { padding: 1 }));
}

function convBackward(): Promise<Work> {
  const x = random([BATCH, 64, 32, 32], 1, true);
  const weight = random([64, 64, 3, 3], 0.05, true);
  const gradient = random([BATCH, 64, 32, 32], 1);
  return work(() => {
    conv2d(x, weight, null, { padding: 1 }).backward({ gradient });
    return weight.grad!;
  });
}

/** Both gradients without the forward. */
function convGradients(): Promise<Work> {
  const [x, dy] = [random([BATCH, 64, 32, 32], 1), random([BATCH, 64, 32, 32], 1)];
  const weight = random([64, 64, 3, 3], 0.05);
  const g = convGeometry(x.shape, weight.shape, { padding: 1 });
  const { inputGrad, weightGrad } = convKernels(g, gpu.software);
  return work(() => {
    inputGrad(dy, weight, g);
    return weightGrad(x, dy, g);
  });
}

/** One SGD step by the trainer's own code, which also uploads the batch and adds up metrics. */
function trainingStep(distiller: Distiller): Work {
  const trained = [distiller.student, ...Object.values(distiller.extraModules)];
  const parameters = trained.flatMap((module) => module.parameters());
  const optimizer = new SGD(parameters, { lr: 0.05, momentum: 0.9 });
  const imageShape = [BATCH, ...IMAGE];
  const step = new TrainStep({ gpu, distiller, optimizer, imageShape });
  const batch = {
    images: values(imageShape.reduce((a, b) => a * b), 1),
    labels: labels(BATCH, CLASSES),
  };
  return {
    run: () => step.run(batch, { epoch: 1, epochs: 1 }),
    settle: async () => {
      await gpu.read(step.totals.storage, 4);
    },
  };
}

const model = (name: string) => createModel(name, { numClasses: CLASSES, inChannels: IMAGE[0] });

function wkdStep(): Work {
  const networks = { teacher: "resnet20", student: "resnet8" };
  return trainingStep(
    wkdOf({ ...networks, logit: true, feature: true, classes: CLASSES, image: IMAGE }),
  );
}

await measureCases("ours", {
  conv_fwd: convForward,
  conv_grads: convGradients,
  conv_fwd_bwd: convBackward,
  resnet8_step: () => trainingStep(new Vanilla(model("resnet8"))),
  wkd_step: wkdStep,
}, Deno.args);
Deno.exit(0);
