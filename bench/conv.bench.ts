// Every convolution of some models at batch 64, the depthwise and grouped of others: forward, input gradient, weight gradient.
// Run: deno bench -A bench/conv.bench.ts
import { convGeometry } from "../src/ops/conv/geometry.ts";
import { convKernels } from "../src/ops/conv/variants.ts";
import { rand } from "../src/tensor/create.ts";
import { init } from "../src/tensor/default_device.ts";
import { Generator } from "../src/tensor/random.ts";
import { cases } from "./cases.ts";
import { benchReplayed } from "./replayed.ts";

const gpu = await init();
const BATCH = 64;

/** Input channels, output channels, kernel, stride, size of the input's planes, groups (default 1). */
type Convolution = readonly [number, number, number, number, number, number?];

const MODELS: Readonly<Record<string, readonly Convolution[]>> = {
  "resnet8 and resnet20 on 28 x 28": [
    [1, 16, 3, 1, 28],
    [16, 16, 3, 1, 28],
    [16, 32, 3, 2, 28],
    [16, 32, 1, 2, 28],
    [32, 32, 3, 1, 14],
    [32, 64, 3, 2, 14],
    [32, 64, 1, 2, 14],
    [64, 64, 3, 1, 7],
  ],
  "resnet8x4 and resnet32x4 on 32 x 32": [
    [3, 32, 3, 1, 32],
    [32, 64, 3, 1, 32],
    [32, 64, 1, 1, 32],
    [64, 64, 3, 1, 32],
    [64, 128, 3, 2, 32],
    [64, 128, 1, 2, 32],
    [128, 128, 3, 1, 16],
    [128, 256, 3, 2, 16],
    [128, 256, 1, 2, 16],
    [256, 256, 3, 1, 8],
  ],
  "depthwise of ShuffleV2, MobileNetV2 and MobileNetV1": [
    [58, 58, 3, 1, 16, 58],
    [116, 116, 3, 1, 8, 116],
    [232, 232, 3, 1, 4, 232],
    [144, 144, 3, 1, 16, 144],
    [96, 96, 3, 2, 32, 96],
    [128, 128, 3, 1, 56, 128],
    [512, 512, 3, 1, 14, 512],
    [512, 512, 3, 2, 14, 512],
  ],
  "grouped of ShuffleV1": [
    [240, 60, 1, 1, 16, 3],
    [60, 240, 1, 1, 16, 3],
    [480, 120, 1, 1, 8, 3],
    [120, 480, 1, 1, 8, 3],
    [960, 240, 1, 1, 4, 3],
    [240, 960, 1, 1, 4, 3],
  ],
};

/** One of each kind: small planes, large planes, one pixel, depthwise, grouped. */
const FEW = [
  "16,16,3,1,28",
  "64,64,3,1,32",
  "64,128,1,2,32",
  "116,116,3,1,8,116",
  "240,60,1,1,16,3",
];

for (const [model, all] of Object.entries(MODELS)) {
  const convolutions = cases(gpu, all, (each) => FEW.includes(each.join()));
  for (const [inputs, outputs, kernel, stride, size, groups = 1] of convolutions) {
    const shapes = [[BATCH, inputs, size, size], [outputs, inputs / groups, kernel, kernel]];
    const g = convGeometry(shapes[0], shapes[1], { stride, padding: (kernel - 1) / 2, groups });
    const kernels = convKernels(g, gpu.software);
    const generator = new Generator(1);
    const x = () => rand(shapes[0], generator);
    const weight = () => rand(shapes[1], generator);
    const dy = () => rand([BATCH, outputs, g.outHeight, g.outWidth], generator);
    const works: Record<string, () => void> = {
      "forward": () => kernels.forward(x(), weight(), null, g),
      "input gradient": () => kernels.inputGrad(dy(), weight(), g),
      "weight gradient": () => kernels.weightGrad(x(), dy(), g),
    };
    const flops = 2 * BATCH * outputs * (inputs / groups) * kernel ** 2 * g.outHeight *
      g.outWidth;
    const group = `${model}: ${kernel} x ${kernel} / ${stride}, ${inputs} to ${outputs}, ` +
      (groups > 1 ? `${groups} groups, ` : "") +
      `${size} x ${size}, ${(flops / 1e9).toFixed(3)} GFLOP`;
    for (const [name, work] of Object.entries(works)) {
      // Images want no gradient.
      if (name === "input gradient" && inputs <= 3) continue;
      benchReplayed({ gpu, group, name, operations: flops, work });
    }
  }
}
