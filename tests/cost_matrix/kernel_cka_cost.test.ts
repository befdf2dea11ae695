import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type CkaKernel,
  kernelCkaCost,
  medianDistance,
} from "../../src/cost_matrix/kernel_cka_cost.ts";
import { type FeatureShape, linearCkaCost } from "../../src/cost_matrix/linear_cka_cost.ts";
import { UserError } from "../../src/errors.ts";
import { assertClose, device, values } from "../helpers.ts";

const gpu = await device();

/** Features of classes that share a part. */
function classFeatures([classes, samples, dims]: FeatureShape): Float32Array {
  const noise = values("kernel/noise", [classes, samples, dims], 1);
  const common = values("kernel/common", [samples, dims], 1);
  const mix = values("kernel/mix", [classes], 1.5);
  const size = samples * dims;
  return noise.map((value, at) => value + mix[Math.floor(at / size)] * common[at % size]);
}

/** The kernel matrix of one class in float64, centred. */
function centredKernel(x: Float32Array, samples: number, kernel: CkaKernel): Float64Array {
  const dims = x.length / samples;
  const pairs = (fn: (i: number, j: number) => number) =>
    Float64Array.from(
      { length: samples ** 2 },
      (_, at) => fn(Math.floor(at / samples), at % samples),
    );
  const sum = (fn: (d: number) => number) => {
    let total = 0;
    for (let d = 0; d < dims; d++) total += fn(d);
    return total;
  };
  const distances = pairs((i, j) => sum((d) => (x[i * dims + d] - x[j * dims + d]) ** 2));
  const median = distances.slice().sort()[Math.floor((samples ** 2 - 1) / 2)];
  const k = kernel.type === "rbf"
    ? distances.map((value) => Math.exp(-value / (2 * kernel.bandwidth ** 2 * median)))
    : pairs((i, j) => sum((d) => x[i * dims + d] * x[j * dims + d]) ** kernel.degree);
  const means = Float64Array.from({ length: samples }, (_, i) => {
    return k.subarray(i * samples, (i + 1) * samples).reduce((a, b) => a + b) / samples;
  });
  const total = means.reduce((a, b) => a + b) / samples;
  return pairs((i, j) => k[i * samples + j] - means[i] - means[j] + total);
}

function reference(features: Float32Array, shape: FeatureShape, kernel: CkaKernel): Float64Array {
  const [classes, samples, dims] = shape;
  const size = samples * dims;
  const kernels = Array.from({ length: classes }, (_, c) => {
    return centredKernel(features.subarray(c * size, (c + 1) * size), samples, kernel);
  });
  const inner = (a: Float64Array, b: Float64Array) => a.reduce((sum, v, at) => sum + v * b[at], 0);
  return Float64Array.from({ length: classes ** 2 }, (_, at) => {
    const [a, b] = [kernels[Math.floor(at / classes)], kernels[at % classes]];
    return a === b ? 0 : 1 - inner(a, b) / Math.sqrt(inner(a, a) * inner(b, b));
  });
}

const KERNELS: readonly CkaKernel[] = [
  { type: "poly", degree: 1 },
  { type: "poly", degree: 3 },
  { type: "rbf", bandwidth: 1 },
  { type: "rbf", bandwidth: 0.4 },
];

for (const kernel of KERNELS) {
  Deno.test(`kernelCkaCost() matches float64 with ${JSON.stringify(kernel)}`, async () => {
    const before = gpu.account.inUse;
    for (const shape of [[2, 3, 1], [5, 23, 7], [7, 16, 12]] as const) {
      const features = classFeatures(shape);
      const expected = reference(features, shape, kernel);
      for (const blockBytes of [4096, 2 ** 22]) {
        const cost = await kernelCkaCost(features, shape, kernel, { blockBytes });
        const worst = cost.reduce((most, v, at) => Math.max(most, Math.abs(v - expected[at])), 0);
        assert(worst < 2e-5, `${shape}: off by ${worst}`);
      }
    }
    assertEquals(gpu.account.inUse, before);
  });
}

Deno.test("kernelCkaCost() of degree 1 is linear CKA", async () => {
  const shape = [6, 20, 9] as const;
  const features = classFeatures(shape);
  const linear = await linearCkaCost(features, shape);
  assertClose(await kernelCkaCost(features, shape, { type: "poly", degree: 1 }), linear, 1e-5);
});

Deno.test("medianDistance() is the lower median, with the zeros of the diagonal", () => {
  // Samples 0, 1 and 3 on a line: distances 1, 4, 9 twice each, and three zeros.
  const gram = Float32Array.of(0, 0, 0, 0, 1, 3, 0, 3, 9);
  assertEquals(medianDistance(gram, 3), 1);
  assertEquals(medianDistance(Float32Array.of(4, 0, 0, 1), 2), 0);
});

Deno.test("kernelCkaCost() refuses what does not fit", async () => {
  const features = values("features", [2, 3, 4]);
  const refused = (kernel: CkaKernel, text: string, data = features) =>
    assertRejects(() => kernelCkaCost(data, [2, 3, 4], kernel), UserError, text);
  await refused({ type: "poly", degree: 0 }, "the degree must be an integer of at least 1; got 0");
  await refused({ type: "rbf", bandwidth: -1 }, "must be a positive number; got -1");
  await refused({ type: "poly", degree: 2 }, "class 0 do not vary", new Float32Array(24).fill(1));
  await assertRejects(
    () => kernelCkaCost(new Float32Array(12_000), [2, 6000, 1], { type: "poly", degree: 2 }),
    UserError,
    "kernel matrices of 6000 images",
  );
});
