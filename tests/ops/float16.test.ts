import { assertEquals, assertThrows } from "@std/assert";
import { Gpu } from "../../src/gpu/gpu.ts";
import { castElements, roundElements } from "../../src/ops/elementwise/cast.ts";
import { gaussianWasserstein } from "../../src/ops/losses/gaussian_wasserstein.ts";
import { setDefaultDevice } from "../../src/tensor/default_device.ts";
import { adaptiveAvgPool2d } from "../../src/ops/pool/adaptive_avg_pool2d.ts";
import { addInPlace } from "../../src/ops/elementwise/add_in_place.ts";
import { avgPool2d } from "../../src/ops/pool/avg_pool2d.ts";
import { batchNorm } from "../../src/ops/norm/batch_norm.ts";
import { cat } from "../../src/ops/shape/cat.ts";
import { conv2d, type ConvVariant } from "../../src/ops/conv/conv2d.ts";
import { convTranspose2d } from "../../src/ops/conv/conv_transpose2d.ts";
import { crossEntropy } from "../../src/ops/softmax/cross_entropy.ts";
import { expand } from "../../src/ops/shape/expand.ts";
import { indexSelect } from "../../src/ops/indexing/index_select.ts";
import { linear } from "../../src/ops/matmul/linear.ts";
import { maxPool2d } from "../../src/ops/pool/max_pool2d.ts";
import { pad } from "../../src/ops/shape/pad.ts";
import { upsampleNearest } from "../../src/ops/shape/upsample_nearest.ts";
import { full, ones, tensor, zeros } from "../../src/tensor/create.ts";
import type { FloatType } from "../../src/tensor/dtype.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Shape } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { assertClose, device, values } from "../helpers.ts";
import { type ConvCase, OTHER_CASES, outSize, PLAIN_CASES, plainConv } from "./conv/conv_cases.ts";

const gpu = await device();
const ignore = !gpu.half;

/** Rounding to 11 bits is wrong by 2^-12 of a number at most; sums of rounded gradients by little more. */
const TOLERANCE = 2 ** -11;

/** What `fn` makes of a type's inputs, and the gradients of the inputs. */
type Op = (x: Tensor, ...others: Tensor[]) => Tensor;

/** Inputs by shape; those marked are parameters, which stay float32. */
interface Input {
  readonly shape: Shape;
  readonly parameter?: boolean;
}

async function run(op: Op, inputs: readonly Input[], dtype: FloatType): Promise<Float32Array[]> {
  const results = scope(() => {
    const leaves = inputs.map(({ shape, parameter }, i) => {
      const rounded = values(`input ${i}`, shape, 2).map(Math.f16round);
      const options = { requiresGrad: true, dtype: parameter ? "float32" as const : dtype };
      return tensor(rounded, shape, options);
    });
    const y = op(leaves[0], ...leaves.slice(1));
    assertEquals(y.dtype, dtype);
    const dy = values("dy", y.shape).map(Math.f16round);
    y.backward({ gradient: tensor(dy, y.shape, { dtype }) });
    for (const leaf of leaves) assertEquals(leaf.grad!.dtype, leaf.dtype);
    return [y, ...leaves.map((leaf) => leaf.grad!)];
  });
  const found = await Promise.all(results.map((each) => each.data()));
  for (const each of results) each.dispose();
  return found as Float32Array[];
}

/** Compares an op in float16 with the same on float32 inputs that are rounded to float16, and with itself. */
async function check(
  op: Op,
  inputs: readonly Input[],
  tolerance: number = TOLERANCE,
): Promise<void> {
  const half = await run(op, inputs, "float16");
  const single = await run(op, inputs, "float32");
  single.forEach((expected, i) => {
    assertClose(half[i], expected, tolerance, i === 0 ? "result:" : `gradient ${i - 1}:`);
  });
  assertEquals(await run(op, inputs, "float16"), half);
}

const x = (...shape: number[]): Input => ({ shape });
const parameter = (...shape: number[]): Input => ({ shape, parameter: true });

/** The layout of the wholes and of sizes that are no multiple of anything. */
const MAPS = [[2, 4, 8, 8], [2, 3, 7, 5], [1, 1, 1, 1]] as const;

const ON_MAPS: Readonly<Record<string, [Op, number]>> = {
  "relu()": [(x) => x.relu(), 1],
  "relu6()": [(x) => x.mul(8).relu6(), 1],
  "a + b": [(a, b) => a.add(b), 2],
  "a - b": [(a, b) => a.sub(b), 2],
  "a * b": [(a, b) => a.mul(b), 2],
  "a - a row": [(a) => a.sub(a.slice(0, 0, 1)), 1],
  "x + 1": [(x) => x.add(1).mul(0.5), 1],
  "x used twice": [(x) => x.add(x.relu()), 1],
  "a + the mean over space": [(x) => x.add(x.mean({ dims: [2, 3], keepDims: true })), 1],
  "sum()": [(x) => x.sum({ dims: [0, 2, 3] }), 1],
  "mean()": [(x) => x.mean({ dims: [1] }), 1],
  "cat()": [(a, b) => cat([a, b, a], 1), 2],
  "slice()": [(x) => x.slice(3, 0, Math.ceil(x.shape[3] / 2)), 1],
  "permute()": [(x) => x.permute(0, 2, 3, 1), 1],
  "permute() of matrices": [(x) => x.permute(2, 3, 0, 1), 1],
  "expand()": [(x) => expand(x.mean({ dims: [1], keepDims: true }), x.shape), 1],
  "pad()": [(x) => pad(x, [1, 2, 0, 3], 0.5), 1],
  "pad() that crops": [(x) => pad(pad(x, [1, 1, 1, 1]), [-1, 0, 0, -1]), 1],
  "upsampleNearest()": [(x) => upsampleNearest(x, 2), 1],
  "adaptiveAvgPool2d() to 1": [(x) => adaptiveAvgPool2d(x, 1), 1],
  "adaptiveAvgPool2d() to 3": [(x) => adaptiveAvgPool2d(x, 3), 1],
  "avgPool2d()": [(x) => avgPool2d(x, { kernelSize: 3, stride: 2, padding: 1 }), 1],
  "avgPool2d() without padding": [
    (x) => avgPool2d(x, { kernelSize: 3, stride: 2, padding: 1, countIncludePad: false }),
    1,
  ],
  "maxPool2d()": [(x) => maxPool2d(x, { kernelSize: 3, stride: 2, padding: 1 }), 1],
};

for (const [name, [op, count]] of Object.entries(ON_MAPS)) {
  Deno.test({ name: `${name} in float16 is what it is in float32, rounded`, ignore }, async () => {
    for (const shape of MAPS) await check(op, Array.from({ length: count }, () => x(...shape)));
  });
}

/** What a convolution in float16 makes: y and the gradients of x, weight and bias. */
async function convolve(
  { x: shape, weight, options }: ConvCase,
  variant: ConvVariant | undefined,
): Promise<Float32Array[]> {
  const op: Op = (x, w, b) => conv2d(x, w, b, options, variant);
  return await run(op, [x(...shape), parameter(...weight), parameter(weight[0])], "float16");
}

/** Compares with products of the same rounded numbers in float64. */
async function checkConvolution(convolution: ConvCase, variant?: ConvVariant): Promise<void> {
  const { x: shape, weight } = convolution;
  const rounded = (name: string, shape: Shape, scale: number) =>
    values(name, shape, scale).map(Math.f16round);
  const given = [shape, weight, [weight[0]]].map((each, i) => rounded(`input ${i}`, each, 2));
  const dy = rounded("dy", [shape[0], weight[0], ...outSize(convolution)], 1);
  const { y, dx, dweight, dbias } = plainConv(convolution, given[0], given[1], given[2], dy);
  const found = await convolve(convolution, variant);
  assertClose(found[0], y, TOLERANCE, "result:");
  assertClose(found[1], dx, TOLERANCE, "gradient of x:");
  // Parameters and their gradients are float32.
  assertClose(found[2], dweight, 3e-6, "gradient of the weight:");
  assertClose(found[3], dbias, 3e-6, "gradient of the bias:");
}

const CONVOLUTIONS: Readonly<Record<ConvVariant, readonly string[]>> = {
  lanes: ["3x3 in whole tiles", "3x3 of stride 2", "300 channels"],
  direct: ["3x3 in whole tiles", "3x3 of stride 2", "300 channels"],
  tiled: ["one element", "3x3 of odd sizes", "3x3 of stride 2", "300 channels"],
  generic: ["one element", "3x3 of odd sizes", "7x7 of stride 2"],
};

for (const [variant, names] of Object.entries(CONVOLUTIONS) as [ConvVariant, string[]][]) {
  Deno.test({ name: `conv2d() in float16 by ${variant} kernels is right`, ignore }, async () => {
    for (const name of names) await checkConvolution(PLAIN_CASES[name], variant);
    const [, second] = names;
    assertEquals(
      await convolve(PLAIN_CASES[second], variant),
      await convolve(PLAIN_CASES[second], variant),
    );
  });
}

Deno.test({ name: "conv2d() in float16 with groups is right", ignore }, async () => {
  for (const name of ["two groups", "depthwise", "dilation"]) {
    await checkConvolution(OTHER_CASES[name]);
  }
});

Deno.test({ name: "convTranspose2d() in float16 is what it is in float32", ignore }, async () => {
  const options = { stride: 2, padding: 1 };
  for (const variant of ["tiled", "generic"] as const) {
    await check(
      (x, w, b) => convTranspose2d(x, w, b, options, variant),
      [x(2, 3, 5, 4), parameter(3, 6, 4, 4), parameter(6)],
      2 * TOLERANCE, // the product is rounded before the bias is added
    );
  }
});

Deno.test({ name: "linear() in float16", ignore }, async () => {
  await check(
    (x, w, b) => linear(x, w, b),
    [x(5, 33), parameter(7, 33), parameter(7)],
  );
});

for (const tree of [false, true]) {
  const sums = tree ? "tree" : "thread";
  Deno.test({ name: `batchNorm() in float16, sums by ${sums}`, ignore }, async () => {
    for (const shape of [[4, 3, 4, 4], [3, 5, 3, 3]] as const) {
      const [, channels] = shape;
      for (const epilogue of ["none", "relu", "residual"] as const) {
        for (const training of [true, false]) {
          const op: Op = (x, weight, bias, residual) => {
            const runningMean = zeros([channels]);
            const runningVar = ones([channels]);
            return batchNorm(x, { weight, bias, runningMean, runningVar }, {
              training,
              tree,
              relu: epilogue !== "none",
              residual: residual ?? null,
            });
          };
          const inputs = [x(...shape), parameter(channels), parameter(channels)];
          // Beside zero, rounding decides whether ReLU lets a gradient through.
          await check(op, epilogue === "residual" ? [...inputs, x(...shape)] : inputs, 2e-3);
        }
      }
    }
  });
}

Deno.test({ name: "to() rounds to the nearest float16 and back", ignore }, async () => {
  const numbers = [0, -0, 1, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 65504, 65519, 65520, -1e6, 2 ** -24];
  const given = Float32Array.of(...numbers, 2 ** -26, 0.1, Infinity, NaN);
  const half = tensor(given).to("float16");
  assertEquals(half.dtype, "float16");
  assertEquals(await half.data(), given.map(Math.f16round));
  const back = half.to("float32");
  assertEquals(await back.data(), given.map(Math.f16round));
  assertEquals(half.to("float16"), half);
  half.dispose();
  back.dispose();
});

Deno.test({ name: "roundElements() rounds as a cast there and back does", ignore }, async () => {
  // Half ways between two numbers of float16, large and below its normal ones, and all scales.
  const halves = [1, 3, 5, 2047].flatMap((n) => [n * 2 ** -25, n * 2 ** -12, n * 16 + 65504 - 16]);
  const edges = [65504, 65519.99, 65520, 2 ** -14, 2 ** -14 * (1 - 2 ** -12), 2 ** -24, 1e30, 0];
  const scales = [...values("scales", [3000])].map((v, i) => v * 2 ** (i % 48 - 30));
  const numbers = [...halves, ...edges, ...scales, Infinity, NaN].flatMap((v) => [v, -v]);
  const given = Float32Array.from(numbers);
  const x = tensor(given);
  const rounded = roundElements(x);
  const cast = castElements(castElements(x, "float16"), "float32");
  assertEquals(await rounded.data(), given.map(Math.f16round));
  assertEquals(await rounded.data(), await cast.data());
  for (const each of [x, rounded, cast]) each.dispose();
});

/** What `fn` gives with the kernels of hardware. */
async function onHardware<T>(fn: () => Promise<T>): Promise<T> {
  const hardware = new Gpu(gpu.device, gpu.info, false, Infinity, gpu.subgroups);
  hardware.compilesSlowly = true;
  setDefaultDevice(hardware);
  try {
    return await fn();
  } finally {
    setDefaultDevice(gpu);
  }
}

Deno.test({ name: "linear() in float16 on hardware, whose sums are cut too", ignore }, async () => {
  for (const inputs of [24, 600]) {
    const sizes = [x(6, inputs), parameter(10, inputs), parameter(10)];
    await onHardware(() => check((x, w, b) => linear(x, w, b), sizes));
  }
});

Deno.test({
  name: "gaussianWasserstein() on hardware reads float16 as a cast would, and writes the gradient",
  ignore,
}, async () => {
  const shape = [2, 3, 4, 6];
  const [s, t] = ["s", "t"].map((name) => values(name, shape).map(Math.f16round));
  const run = (dtype: FloatType) => async () => {
    const student = tensor(s, shape, { dtype, requiresGrad: true });
    const { meanLoss, covLoss } = gaussianWasserstein(student, tensor(t, shape, { dtype }));
    meanLoss.mul(2).add(covLoss).backward();
    assertEquals(student.grad!.dtype, dtype);
    const found = [meanLoss, covLoss, student.grad!].map((each) => each.data());
    return await Promise.all(found) as Float32Array[];
  };
  const [mean, cov, gradient] = await onHardware(run("float32"));
  const half = await onHardware(run("float16"));
  assertEquals(half, [mean, cov, gradient.map(Math.f16round)]);
});

Deno.test({ name: "to() passes gradients on in their own types", ignore }, async () => {
  const leaf = tensor([1, 2, 3], null, { requiresGrad: true });
  scope(() => leaf.to("float16").mul(3).to("float32").mul(0.1).sum().backward());
  const wanted = Math.f16round(3 * Math.f16round(0.1));
  assertEquals(await leaf.grad!.data(), new Float32Array(3).fill(wanted));
  leaf.grad!.dispose();
  leaf.dispose();
});

Deno.test({ name: "float16 tensors take half the memory and any size", ignore }, async () => {
  for (const count of [1, 3, 1023, 1025, 5000]) {
    const given = values("numbers", [count], 100).map(Math.f16round);
    const made = tensor(given, null, { dtype: "float16" });
    assertEquals(await made.data(), given);
    assertEquals(await made.copy_(given.toReversed()).data(), given.toReversed());
    addInPlace(made, made);
    assertEquals(await made.data(), given.toReversed().map((v) => Math.f16round(2 * v)));
    assertEquals(await made.zero_().data(), new Float32Array(count));
    const filled = full([count], 0.1, { dtype: "float16" });
    assertEquals(await filled.data(), new Float32Array(count).fill(Math.f16round(0.1)));
    made.dispose();
    filled.dispose();
  }
  const before = gpu.account.inUse;
  const half = zeros([2 ** 20], { dtype: "float16" });
  assertEquals(gpu.account.inUse - before, 2 ** 21);
  half.dispose();
});

Deno.test({ name: "ops that do not know float16 refuse it", ignore }, () => {
  const half = zeros([2, 3], { dtype: "float16" });
  const target = tensor(new Int32Array(2));
  const refusals: (() => Tensor)[] = [
    () => half.softmax(),
    () => half.max(),
    () => crossEntropy(half, target),
    () => indexSelect(half, 0, target),
    () => conv2d(zeros([1, 1, 2, 2]), zeros([1, 1, 1, 1], { dtype: "float16" })),
  ];
  for (const call of refusals) {
    assertThrows(call, TypeError, 'use to("float32")');
  }
  assertThrows(() => cat([half, zeros([2, 3])]), TypeError, "cat() of float16 and float32");
  assertEquals(half.add(zeros([2, 3])).dtype, "float32");
});
