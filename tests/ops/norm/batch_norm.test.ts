import { assert, assertEquals, assertThrows } from "@std/assert";
import { batchNorm, type BatchNormOptions } from "../../../src/ops/norm/batch_norm.ts";
import { ones, tensor, zeros } from "../../../src/tensor/create.ts";
import { scope } from "../../../src/tensor/scope.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import { assertClose, device, procedural, values } from "../../helpers.ts";

const gpu = await device();
const EPS = 1e-5;

type Options = Omit<BatchNormOptions, "residual"> & { residual?: boolean };

interface Numbers {
  x: Float32Array;
  residual: Float32Array;
  dy: Float32Array;
  weight: Float32Array;
  bias: Float32Array;
  runningMean: Float32Array;
  runningVar: Float32Array;
}

/** y, dx, dweight, dbias, dresidual, runningMean and runningVar. */
type Results = Record<string, ArrayLike<number>>;

function numbers(shape: Shape): Numbers {
  const channels = [shape[1]];
  return {
    x: values("x", shape, 2),
    residual: values("residual", shape),
    dy: values("dy", shape),
    weight: values("weight", channels),
    bias: values("bias", channels),
    runningMean: values("mean", channels),
    runningVar: values("var", channels, 0.4).map((value) => 1 + value),
  };
}

/** torch.nn.functional.batch_norm and its gradients in float64; `open` tells what the ReLU lets through. */
function plain(
  shape: Shape,
  of: Numbers,
  { training, momentum = 0.1, eps = EPS, relu = false, residual = false }: Options,
): Results {
  const channels = shape[1];
  const plane = shape.slice(2).reduce((a, b) => a * b, 1);
  const count = shape[0] * plane;
  const channel = (i: number) => Math.floor(i / plane) % channels;
  const totals = (value: (i: number) => number) => {
    const sums = new Float64Array(channels);
    for (let i = 0; i < of.x.length; i++) sums[channel(i)] += value(i);
    return sums;
  };
  const batchMean = totals((i) => of.x[i] / count);
  const batchVar = totals((i) => (of.x[i] - batchMean[channel(i)]) ** 2 / count);
  const [mean, variance] = training ? [batchMean, batchVar] : [of.runningMean, of.runningVar];
  const inverse = Float64Array.from(variance, (each) => 1 / Math.sqrt(each + eps));
  const normal = Float64Array.from(of.x, (x, i) => (x - mean[channel(i)]) * inverse[channel(i)]);
  const before = normal.map((value, i) =>
    value * of.weight[channel(i)] + of.bias[channel(i)] + (residual ? of.residual[i] : 0)
  );
  const dz = before.map((value, i) => relu && value <= 0 ? 0 : of.dy[i]);
  const dbias = totals((i) => dz[i]);
  const dweight = totals((i) => dz[i] * normal[i]);
  const moved = (running: Float32Array, batch: (c: number) => number) =>
    training ? running.map((each, c) => each + momentum * (batch(c) - each)) : running;
  return {
    y: before.map((value) => relu ? Math.max(value, 0) : value),
    dx: dz.map((each, i) => {
      const c = channel(i);
      const part = training ? (dbias[c] + normal[i] * dweight[c]) / count : 0;
      return of.weight[c] * inverse[c] * (each - part);
    }),
    dweight,
    dbias,
    dresidual: dz,
    runningMean: moved(of.runningMean, (c) => batchMean[c]),
    runningVar: moved(of.runningVar, (c) => batchVar[c] * count / (count - 1)),
  };
}

async function run(shape: Shape, of: Numbers, options: Options): Promise<Results> {
  const tensors = scope(() => {
    const leaf = (data: Float32Array, sizes: Shape) => tensor(data, sizes, { requiresGrad: true });
    const [x, weight, bias] = [
      leaf(of.x, shape),
      leaf(of.weight, [shape[1]]),
      leaf(of.bias, [shape[1]]),
    ];
    const [runningMean, runningVar] = [tensor(of.runningMean), tensor(of.runningVar)];
    const residual = options.residual ? leaf(of.residual, shape) : null;
    const y = batchNorm(x, { weight, bias, runningMean, runningVar }, { ...options, residual });
    y.backward({ gradient: tensor(of.dy, shape) });
    const [dx, dweight, dbias] = [x.grad!, weight.grad!, bias.grad!];
    const dresidual = residual?.grad ?? zeros([1]);
    return { y, dx, dweight, dbias, dresidual, runningMean, runningVar };
  });
  const found = await Promise.all(
    Object.entries(tensors).map(async ([name, each]) => {
      return [name, await each.data()] as const;
    }),
  );
  for (const each of Object.values(tensors)) each.dispose();
  return Object.fromEntries(found);
}

function compare(found: Results, expected: Results, options: Options, tolerance = 3e-6): void {
  for (const name of Object.keys(expected)) {
    if (name === "dresidual" && !options.residual) continue;
    assertClose(found[name], expected[name], tolerance, `${JSON.stringify(options)} ${name}:`);
  }
}

const SHAPES: Record<string, Shape> = {
  "planes of whole vectors": [3, 5, 4, 6],
  "planes of 49": [2, 3, 7, 7],
  "planes of 49, two by two": [3, 6, 7, 7],
  "planes of 6, two by two": [3, 4, 2, 3],
  "[N, C]": [7, 70],
  "one image": [1, 2, 3, 5],
  "more images than splits": [40, 33, 2, 2],
};
const EPILOGUES = [{}, { relu: true }, { residual: true }, { relu: true, residual: true }];

for (const [name, shape] of Object.entries(SHAPES)) {
  for (const tree of [true, false]) {
    for (const training of [true, false]) {
      const title = `${training ? "training" : "with frozen statistics"}, ${name}` +
        (tree ? ", in workgroup memory" : "");
      Deno.test(`batchNorm() is right, and its gradients: ${title}`, async () => {
        const of = numbers(shape);
        for (const epilogue of EPILOGUES) {
          const options = { training, tree, ...epilogue };
          compare(await run(shape, of, options), plain(shape, of, options), options);
        }
      });
    }
  }
}

Deno.test("batchNorm() takes momentum and eps", async () => {
  const shape = [3, 4, 5];
  const of = numbers(shape);
  const options = { training: true, momentum: 0.3, eps: 0.25 };
  compare(await run(shape, of, options), plain(shape, of, options), options);
});

for (const tree of [true, false]) {
  const where = tree ? "in workgroup memory" : "by threads";
  Deno.test(`batchNorm() keeps small differences beside a large mean, sums ${where}`, async () => {
    const shape = [8, 3, 6, 6];
    const of = numbers(shape);
    // Exact in float32: the expected numbers are those of what the device gets.
    of.x = of.x.map((value, i) => 1000 + Math.round(value * 64) / 64 + (i % 2) / 128);
    const options = { training: true, tree };
    compare(await run(shape, of, options), plain(shape, of, options), options, 2e-4);
  });

  Deno.test(`batchNorm() maps a constant channel to its bias, sums ${where}`, async () => {
    const shape = [4, 3, 5, 5];
    const of = numbers(shape);
    of.x = of.x.map((value, i) => Math.floor(i / 25) % 3 === 1 ? 7 : value);
    const found = await run(shape, of, { training: true, tree });
    const expected = plain(shape, of, { training: true, tree });
    const channel = (all: ArrayLike<number>) =>
      Array.from(all).filter((_, i) => Math.floor(i / 25) % 3 === 1);
    // 1 / sqrt(eps) = 316 magnifies the rounding of the mean.
    assert(channel(found.y).every((value) => Math.abs(value - of.bias[1]) < 5e-4));
    assertClose(channel(found.dx), channel(expected.dx), 1e-5);
    assertClose([found.runningVar[1]], [0.9 * of.runningVar[1]], 1e-6);
    assertClose(found.dbias, expected.dbias, 1e-5);
  });
}

Deno.test("batchNorm() gives the same bits again", async () => {
  const shape = SHAPES["more images than splits"];
  for (const tree of [true, false]) {
    const options = { training: true, tree, relu: true, residual: true };
    const of = numbers(shape);
    assertEquals(await run(shape, of, options), await run(shape, of, options));
  }
});

Deno.test("batchNorm() leaves no memory behind", () => {
  const before = gpu.account.inUse;
  for (const training of [true, false]) {
    const leaves = [procedural("x", [2, 3, 4], 1, true), ones([3], { requiresGrad: true })];
    const rest = [zeros([3]), zeros([3]), ones([3])];
    const [bias, runningMean, runningVar] = rest;
    scope(() => {
      const parameters = { weight: leaves[1], bias, runningMean, runningVar };
      batchNorm(leaves[0], parameters, { training, relu: true }).sum().backward();
    });
    for (const each of [...leaves.map((leaf) => leaf.grad!), ...leaves, ...rest]) each.dispose();
    assertEquals(gpu.account.inUse, before);
  }
});

Deno.test("batchNorm() refuses what does not fit", () => {
  const of = (channels: number) => ({
    weight: ones([channels]),
    bias: zeros([channels]),
    runningMean: zeros([channels]),
    runningVar: ones([channels]),
  });
  const training = { training: true };
  const x = zeros([2, 3, 4]);
  const refusals: [() => unknown, string][] = [
    [() => batchNorm(zeros([1, 3]), of(3), training), "more than one value per channel"],
    [() => batchNorm(zeros([1, 3, 1, 1]), of(3), training), "more than one value per channel"],
    [() => batchNorm(zeros([3]), of(3), training), "[N, C, ...]"],
    [() => batchNorm(x, of(2), training), "weight [2] for 3 channels"],
    [() => batchNorm(x, { ...of(3), runningVar: ones([4]) }, training), "runningVar [4]"],
    [() => batchNorm(x, of(3), { ...training, residual: zeros([2, 3, 5]) }), "residual [2, 3, 5]"],
  ];
  for (const [call, message] of refusals) assertThrows(call, RangeError, message);
});

Deno.test("batchNorm() takes one value per channel with frozen statistics", async () => {
  const options = { training: false };
  const of = numbers([1, 3]);
  compare(await run([1, 3], of, options), plain([1, 3], of, options), options);
});
