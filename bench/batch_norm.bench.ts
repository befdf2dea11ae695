// Batch normalisation with ReLU at the shapes of the CIFAR ResNets.
// Run: deno bench -A bench/batch_norm.bench.ts
import { batchNorm } from "../src/ops/norm/batch_norm.ts";
import { randn, tensor } from "../src/tensor/create.ts";
import { init } from "../src/tensor/default_device.ts";
import { Generator } from "../src/tensor/random.ts";
import { cases } from "./cases.ts";
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
/** Batch normalisation waits for memory: an element takes as long as this many operations of a product. */
const PER_ELEMENT = 200;

for (const shape of cases(gpu, SHAPES, ([, channels, size]) => channels === 64 && size === 32)) {
  const group = `[${shape.join(", ")}]`;
  const elements = shape.reduce((a, b) => a * b);
  const generator = new Generator(1);
  const run = (training: boolean, gradients: boolean) => {
    // Uploaded, unlike zeros() and ones(), which would run again in every replay.
    const filled = (value: number) =>
      tensor(new Float32Array(shape[1]).fill(value), null, { requiresGrad: gradients });
    const x = randn(shape, generator, { requiresGrad: gradients });
    const y = batchNorm(x, {
      weight: filled(1),
      bias: filled(0),
      runningMean: filled(0),
      runningVar: filled(1),
    }, { training, relu: true });
    if (gradients) y.backward({ gradient: randn(shape, generator) });
  };
  const operations = PER_ELEMENT * elements;
  benchReplayed({ gpu, group, name: "evaluation", operations, work: () => run(false, false) });
  benchReplayed({ gpu, group, name: "training", operations, work: () => run(true, false) });
  benchReplayed({
    gpu,
    group,
    name: "training and gradients",
    operations: 2 * operations,
    work: () => run(true, true),
  });
}
