import { Gpu } from "../../src/gpu/gpu.ts";
import { castElements } from "../../src/ops/elementwise/cast.ts";
import { convGeometry } from "../../src/ops/conv/geometry.ts";
import { convForwardTiled, convInputGradTiled } from "../../src/ops/conv/tiled.ts";
import { convWeightGradTiled } from "../../src/ops/conv/tiled_weight_grad.ts";
import { convKernels } from "../../src/ops/conv/variants.ts";
import { product } from "../../src/ops/matmul/product.ts";
import { type ProductTile, tileName, tilesToTime } from "../../src/ops/matmul/product_tile.ts";
import { leastWork } from "../../src/ops/matmul/product_tile.ts";
import { batchNorm } from "../../src/ops/norm/batch_norm.ts";
import { CostKernel } from "../../src/ops/sinkhorn/cost_kernel.ts";
import { sinkhorn } from "../../src/ops/sinkhorn/sinkhorn.ts";
import { noGrad } from "../../src/tensor/autograd.ts";
import { ones, tensor, zeros } from "../../src/tensor/create.ts";
import { setDefaultDevice } from "../../src/tensor/default_device.ts";
import { Generator } from "../../src/tensor/random.ts";
import type { Shape } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import type { Part, Row } from "./measure.ts";
import {
  batchNormReference,
  convReference,
  productReference,
  sinkhornReference,
} from "./reference.ts";

/** Largest relative error, by l2 norm: rounding takes a tenth of it. */
const TOLERANCE = { float32: 1e-5, float16: 2e-3 };

/** A result that was computed on the device, and what it is in float64. */
type Check = readonly [
  check: string,
  variant: string,
  found: () => Tensor,
  wanted: Float64Array,
  tolerance?: number,
];

/** The kernels of hardware on this device against plain loops in float64 on the processor. */
export const checks: Part = async function* (gpu, { due }) {
  const own = gpu.software ? slow(gpu) : gpu;
  setDefaultDevice(own);
  try {
    for (const make of [productChecks, convChecks, depthwiseChecks, normChecks, sinkhornChecks]) {
      for (const check of make(own)) {
        if (due()) return yield { check: "the rest", note: "no time" };
        yield await compare(check);
      }
    }
  } finally {
    setDefaultDevice(gpu);
  }
};

/** The kernels of hardware on an adapter that runs them on the CPU; their loops stay loops. */
function slow({ device, info, subgroups }: Gpu): Gpu {
  const own = new Gpu(device, info, false, Infinity, subgroups);
  own.compilesSlowly = true;
  return own;
}

async function compare([check, variant, run, wanted, tolerance]: Check): Promise<Row> {
  const tensor = noGrad(() => run());
  const found = await tensor.data();
  tensor.dispose();
  let [difference, norm] = [0, 0];
  wanted.forEach((value, i) => {
    difference += (found[i] - value) ** 2;
    norm += value ** 2;
  });
  const error = Math.sqrt(difference / norm);
  return { check, variant, error, right: error <= (tolerance ?? TOLERANCE.float32) };
}

function numbers(seed: number, length: number): Float32Array {
  const generator = new Generator(seed);
  return Float32Array.from({ length }, () => 2 * generator.next() - 1);
}

const sizeOf = (shape: Shape) => shape.reduce((a, b) => a * b);

function* productChecks(gpu: Gpu): Iterable<Check> {
  const [m, n, k] = [130, 68, 96];
  const [a, b] = [numbers(1, m * k), numbers(2, k * n)];
  const wanted = productReference(a, b, [m, n, k]);
  const [left, right] = [tensor(a, [m, k]), tensor(b, [k, n])];
  const size = { rows: m, columns: n };
  for (const tile of tilesToTime(gpu, leastWork(gpu, size))) {
    for (const splits of [1, 3]) {
      const run = () => product(left, right, { variant: "tiled", tile, splits });
      yield ["product", `${tileName(tile)} in ${splits}`, run, wanted];
    }
  }
}

function* convChecks(gpu: Gpu): Iterable<Check> {
  const cases = [
    [[5, 36, 12, 12], [18, 36, 3, 3], { padding: 1, stride: 2 }],
    [[2, 16, 16, 16], [72, 16, 3, 3], { padding: 1 }],
    [[2, 36, 10, 6], [136, 36, 1, 1], {}],
  ] as const;
  for (const [input, weightShape, options] of cases) {
    const g = convGeometry(input, weightShape, options);
    const dyShape = [g.images, g.outChannels, g.outHeight, g.outWidth];
    const [x, w, dy] = [input, weightShape, dyShape].map((s, i) => numbers(i, sizeOf(s)));
    const { y, dx, dw } = convReference(g, x, w, dy);
    const [xs, ws, dys] = [tensor(x, input), tensor(w, weightShape), tensor(dy, dyShape)];
    const name = `${input[1]} to ${weightShape[0]}, ${g.kernelY}x${g.kernelX}` +
      (g.strideY > 1 ? ` / ${g.strideY}` : "");
    const three = (variant: string, tile?: ProductTile): Check[] => [
      [`conv ${name}, forward`, variant, () => convForwardTiled(xs, ws, null, g, tile), y],
      [`conv ${name}, input gradient`, variant, () => convInputGradTiled(dys, ws, g, tile), dx],
      [`conv ${name}, weight gradient`, variant, () => convWeightGradTiled(xs, dys, g, tile), dw],
    ];
    const size = { rows: g.outChannels, columns: g.images * g.outHeight * g.outWidth };
    for (const tile of tilesToTime(gpu, leastWork(gpu, size))) yield* three(tileName(tile), tile);
    if (!gpu.half) continue;
    const halfX = noGrad(() => castElements(xs, "float16")).keep();
    yield [
      `conv ${name}, forward`,
      "float16",
      () => castElements(convForwardTiled(halfX, ws, null, g), "float32"),
      ...[y, TOLERANCE.float16] as const,
    ];
  }
}

function* depthwiseChecks(gpu: Gpu): Iterable<Check> {
  for (const stride of [1, 2]) {
    const [input, weightShape] = [[3, 12, 14, 14], [12, 1, 3, 3]];
    const g = convGeometry(input, weightShape, { stride, padding: 1, groups: 12 });
    const dyShape = [g.images, g.outChannels, g.outHeight, g.outWidth];
    const [x, w, dy] = [input, weightShape, dyShape].map((s, i) => numbers(i, sizeOf(s)));
    const { y, dx, dw } = convReference(g, x, w, dy);
    const [xs, ws, dys] = [tensor(x, input), tensor(w, weightShape), tensor(dy, dyShape)];
    for (const variant of ["tiled", "generic"] as const) {
      const kernels = convKernels(g, gpu.software, variant);
      const name = `by channel / ${stride}`;
      yield [`${name}, forward`, variant, () => kernels.forward(xs, ws, null, g), y];
      yield [`${name}, input gradient`, variant, () => kernels.inputGrad(dys, ws, g), dx];
      yield [`${name}, weight gradient`, variant, () => kernels.weightGrad(xs, dys, g), dw];
    }
  }
}

function* normChecks(): Iterable<Check> {
  const shape = [4, 3, 9, 9];
  const [x, dy] = [numbers(3, sizeOf(shape)), numbers(4, sizeOf(shape))];
  const { y, dx } = batchNormReference(x, dy, [4, 3, 81]);
  const run = () => {
    const input = tensor(x, shape, { requiresGrad: true });
    const parts = { weight: ones([3]), bias: zeros([3]), runningMean: zeros([3]) };
    const tensors = { ...parts, runningVar: ones([3]) };
    return { input, output: batchNorm(input, tensors, { training: true, relu: true, tree: true }) };
  };
  yield ["batch norm with ReLU", "tree", () => run().output, y];
  const { input, output } = run();
  output.backward({ gradient: tensor(dy, shape) });
  yield ["batch norm with ReLU, gradient", "tree", () => input.grad!, dx];
  const rows = numbers(5, 7 * 300);
  const sums = Float64Array.from({ length: 7 }, (_, n) => {
    return rows.subarray(300 * n, 300 * (n + 1)).reduce((sum, value) => sum + value, 0);
  });
  yield ["sum along rows", "tree", () => tensor(rows, [7, 300]).sum({ dims: [1] }), sums];
}

function* sinkhornChecks(gpu: Gpu): Iterable<Check> {
  const [samples, classes, iterations, lambda] = [6, 101, 5, 0.05];
  const positive = (seed: number) => numbers(seed, samples * classes).map((v) => v * v / classes);
  const cost = numbers(6, classes ** 2).map(Math.abs);
  const [p, q] = [positive(7), positive(8)];
  const wanted = sinkhornReference(p, q, cost, { classes, iterations, lambda });
  const kernel = new CostKernel(cost, classes, { device: gpu, lambda });
  const [ps, qs] = [tensor(p, [samples, classes]), tensor(q, [samples, classes])];
  for (const method of ["group", "tiledProduct"] as const) {
    yield [
      "Sinkhorn",
      method,
      () => sinkhorn(ps, qs, kernel, { iterations, method }),
      wanted,
      1e-4,
    ];
  }
}
