import type { Gpu } from "../../src/gpu/gpu.ts";
import { castElements } from "../../src/ops/elementwise/cast.ts";
import { convGeometry } from "../../src/ops/conv/geometry.ts";
import { convKernels } from "../../src/ops/conv/variants.ts";
import { product } from "../../src/ops/matmul/product.ts";
import { batchNorm } from "../../src/ops/norm/batch_norm.ts";
import { noGrad } from "../../src/tensor/autograd.ts";
import { ones, tensor, zeros } from "../../src/tensor/create.ts";
import { Generator } from "../../src/tensor/random.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Shape } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { tune } from "../../src/gpu/tune.ts";
import { type Part, type Row, secondsOf } from "./measure.ts";
import { cardPeak } from "./peaks.ts";

/** Numbers in [-1, 1), so that the card's power is what it would be. */
export function random(shape: Shape, device: Gpu): Tensor {
  const generator = new Generator(1);
  const block = Float32Array.from({ length: 4096 }, () => 2 * generator.next() - 1);
  const all = new Float32Array(shape.reduce((a, b) => a * b));
  for (let at = 0; at < all.length; at += block.length) {
    all.set(block.subarray(0, Math.min(block.length, all.length - at)), at);
  }
  return tensor(all, shape, { device });
}

/** Times `work` with the fastest variants where they are to be timed. */
async function tunedSeconds(
  gpu: Gpu,
  { small }: { readonly small: boolean },
  work: () => unknown,
): Promise<number> {
  await tune(gpu, () => noGrad(() => scope(() => void work())));
  return await secondsOf(gpu, () => void work(), small);
}

function arithmetic(operations: number, seconds: number, tflops: number): Row {
  const reached = operations / seconds / 1e12;
  return { ms: 1000 * seconds, "TFLOP/s": reached, "of peak": reached / tflops };
}

const PRODUCTS = {
  whole: [[4096, 4096, 4096], [1024, 1024, 1024], [64, 100, 256], [256, 1000, 1000]],
  small: [[128, 128, 128], [64, 100, 100]],
} as const;

/** Products of matrices, and what the card is compared with. */
export const products: Part = async function* (gpu, setting) {
  const peak = await cardPeak(gpu, setting.small);
  yield {
    product: "multiply-adds alone",
    ms: null,
    "TFLOP/s": peak.measuredTflops,
    "of peak": peak.measuredTflops / peak.tflops,
  };
  for (const [m, n, k] of PRODUCTS[setting.small ? "small" : "whole"]) {
    if (setting.due()) return yield { product: "the rest", note: "no time" };
    const [a, b] = [random([m, k], gpu), random([k, n], gpu)];
    const seconds = await tunedSeconds(gpu, setting, () => product(a, b));
    yield {
      product: `${m} x ${k} by ${k} x ${n}`,
      ...arithmetic(2 * m * n * k, seconds, peak.tflops),
    };
    for (const each of [a, b]) each.dispose();
  }
};

/** images, in, out, size, kernel, stride, groups */
type ConvCase = readonly [number, number, number, number, number, number, number];

const CONVOLUTIONS: { readonly whole: readonly ConvCase[]; readonly small: readonly ConvCase[] } = {
  whole: [
    [64, 64, 64, 32, 3, 1, 1],
    [64, 128, 128, 16, 3, 1, 1],
    [64, 256, 256, 8, 3, 1, 1],
    [64, 64, 128, 32, 3, 2, 1],
    [64, 16, 16, 32, 3, 1, 1],
    [64, 32, 32, 16, 3, 1, 1],
    [64, 64, 128, 32, 1, 1, 1],
    [32, 3, 64, 224, 7, 2, 1],
    [32, 64, 64, 56, 3, 1, 1],
    [32, 128, 128, 28, 3, 1, 1],
    [32, 256, 256, 14, 3, 1, 1],
    [32, 512, 512, 7, 3, 1, 1],
    [32, 256, 256, 28, 3, 1, 256],
  ],
  small: [[8, 16, 16, 16, 3, 1, 1], [8, 16, 32, 16, 3, 2, 1], [8, 16, 32, 16, 1, 1, 1], [
    4,
    16,
    16,
    16,
    3,
    1,
    16,
  ]],
};

/** Convolutions of the models: forward and both gradients, in float32 and float16. */
export const convolutions: Part = async function* (gpu, setting) {
  const peak = await cardPeak(gpu, setting.small);
  for (const dtype of gpu.half ? ["float32", "float16"] as const : ["float32"] as const) {
    for (const shape of CONVOLUTIONS[setting.small ? "small" : "whole"]) {
      if (setting.due()) return yield { convolution: "the rest", note: "no time" };
      yield* convolution(gpu, setting, shape, dtype, peak.tflops);
    }
  }
};

async function* convolution(
  gpu: Gpu,
  setting: { readonly small: boolean },
  [images, inChannels, outChannels, size, kernel, stride, groups]: ConvCase,
  dtype: "float32" | "float16",
  tflops: number,
): AsyncGenerator<Row> {
  const inputShape = [images, inChannels, size, size];
  const weightShape = [outChannels, inChannels / groups, kernel, kernel];
  const g = convGeometry(inputShape, weightShape, { stride, padding: (kernel - 1) / 2, groups });
  const kernels = convKernels(g, gpu.software);
  const typed = (shape: Shape) => {
    const made = random(shape, gpu);
    if (dtype === "float32") return made;
    const half = noGrad(() => castElements(made, dtype)).keep();
    made.dispose();
    return half;
  };
  const weight = random(weightShape, gpu);
  const [x, dy] = [inputShape, [images, outChannels, g.outHeight, g.outWidth]].map(typed);
  const operations = 2 * images * g.outHeight * g.outWidth * outChannels * weightShape[1] *
    kernel ** 2;
  const works = {
    forward: () => kernels.forward(x, weight, null, g),
    "input gradient": () => kernels.inputGrad(dy, weight, g),
    "weight gradient": () => kernels.weightGrad(x, dy, g),
  };
  const name = `${images} x ${inChannels} to ${outChannels} at ${size}, ${kernel}x${kernel}` +
    (stride > 1 ? ` / ${stride}` : "") + (groups > 1 ? ", by channel" : "");
  for (const [what, work] of Object.entries(works)) {
    const seconds = await tunedSeconds(gpu, setting, work);
    yield { convolution: name, what, dtype, ...arithmetic(operations, seconds, tflops) };
  }
  for (const each of [x, dy, weight]) each.dispose();
}

/** How fast element-wise kernels read and write. */
export const bandwidth: Part = async function* (gpu, setting) {
  const peak = await cardPeak(gpu, setting.small);
  const channels = 64;
  const most = Math.min(gpu.account.maxTensor, setting.small ? 2 ** 20 : 2 ** 28);
  const plane = Math.floor(most / 4 / channels / 16 / 64) * 64;
  const shape = [16, channels, plane / 64, 64];
  const [x, z] = [random(shape, gpu), random(shape, gpu)];
  const own = () => zeros([channels], { device: gpu });
  const norm = {
    weight: ones([channels], { device: gpu }),
    ...{ bias: own(), runningMean: own(), runningVar: ones([channels], { device: gpu }) },
  };
  const bytes = 4 * x.numel;
  const works: Readonly<Record<string, readonly [number, () => unknown]>> = {
    "ReLU": [2, () => x.relu()],
    "addition": [3, () => x.add(z)],
    "batch norm, training": [3, () => batchNorm(x, norm, { training: true, relu: true })],
    "batch norm, evaluation": [2, () => batchNorm(x, norm, { training: false, relu: true })],
    "sum by channel": [1, () => x.sum({ dims: [0, 2, 3] })],
    ...(gpu.half && { "to float16": [1.5, () => castElements(x, "float16")] as const }),
  };
  for (const [kernel, [passes, work]] of Object.entries(works)) {
    if (setting.due()) return yield { kernel: "the rest", note: "no time" };
    const seconds = await secondsOf(gpu, () => void work(), setting.small);
    const gbps = passes * bytes / seconds / 1e9;
    yield {
      kernel,
      MB: bytes / 2 ** 20,
      "GB/s": gbps,
      "of peak": peak.gbps ? gbps / peak.gbps : null,
    };
  }
};
