// Batch normalisation with ReLU at the shapes of the CIFAR ResNets.
// Run: deno bench -A bench/batch_norm.bench.ts
import { batchNorm } from "../src/ops/batch_norm.ts";
import { ones, randn, zeros } from "../src/tensor/create.ts";
import { init } from "../src/tensor/default_device.ts";
import { Generator } from "../src/tensor/random.ts";
import { benchReplayed } from "./replayed.ts";

const gpu = await init();
const SHAPES = [
  [64, 16, 28, 28],
  [64, 32, 14, 14],
  [64, 64, 7, 7],
  [64, 64, 32, 32],
  [64, 128, 16, 16],
  [64, 256, 8, 8],
];
/** Operations an element; they only say how often a measurement runs. */
const FORWARD_FLOPS = 40;

for (const shape of SHAPES) {
  const group = `[${shape.join(", ")}]`;
  const elements = shape.reduce((a, b) => a * b);
  const generator = new Generator(1);
  const run = (training: boolean, gradients: boolean) => {
    const channels = [shape[1]];
    const x = randn(shape, generator, { requiresGrad: gradients });
    const y = batchNorm(x, {
      weight: ones(channels, { requiresGrad: gradients }),
      bias: zeros(channels, { requiresGrad: gradients }),
      runningMean: zeros(channels),
      runningVar: ones(channels),
    }, { training, relu: true });
    if (gradients) y.backward({ gradient: randn(shape, generator) });
  };
  const flops = FORWARD_FLOPS * elements;
  benchReplayed({ gpu, group, name: "evaluation", flops, work: () => run(false, false) });
  benchReplayed({ gpu, group, name: "training", flops, work: () => run(true, false) });
  benchReplayed({
    gpu,
    group,
    name: "training and gradients",
    flops: 2 * flops,
    work: () => run(true, true),
  });
}
