import { assert, assertEquals } from "@std/assert";
import { Gpu } from "../../src/gpu/gpu.ts";
import { avgPool2d } from "../../src/ops/pool/avg_pool2d.ts";
import { convTranspose2d } from "../../src/ops/conv/conv_transpose2d.ts";
import { crossEntropy } from "../../src/ops/softmax/cross_entropy.ts";
import { layerNorm } from "../../src/ops/norm/layer_norm.ts";
import { maxPool2d } from "../../src/ops/pool/max_pool2d.ts";
import { softmax } from "../../src/ops/softmax/softmax.ts";
import { stack } from "../../src/ops/shape/cat.ts";
import { where } from "../../src/ops/indexing/where.ts";
import { tensor } from "../../src/tensor/create.ts";
import type { Shape } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { assertClose, device, values } from "../helpers.ts";

const gpu = await device();
/** The same device, taken for one whose threads share rows. */
const hardware = new Gpu(gpu.device, gpu.info, false);

/** What tests/fixtures/ops/make_ops.py wrote. Numbers that are not finite are null. */
interface Expected {
  shape: Shape;
  y: (number | null)[];
  gradients: (number | null)[][];
}

const FILE = new URL("../fixtures/ops/ops.json", import.meta.url);
const EXPECTED: Record<string, Expected> = JSON.parse(Deno.readTextFileSync(FILE));

interface Case {
  shapes: Shape[];
  fn: (...inputs: Tensor[]) => Tensor;
  scale?: number;
}

const MASK = tensor(Int32Array.from({ length: 12 }, (_, i) => Number(i % 3 === 0)), [3, 4]);
const HARD = tensor(Int32Array.of(2, 0, 1, 4, 1, 2));
const LABELS = tensor(Int32Array.of(2, 0, -100, 4, 1, 2));
const WEIGHT = tensor([0.5, 2, 1, 0.25, 3]);
const SOFT = softmax(tensor(values("soft", [6, 5], 3), [6, 5])).keep();
const INFINITE = tensor(
  Float32Array.from({ length: 30 }, (_, i) => i % 5 === 3 ? -Infinity : 0),
  [6, 5],
);
const POOL = { kernelSize: 3, stride: 2, padding: 1, ceilMode: true };

const CASES: Record<string, Case> = {
  "where": { shapes: [[3, 4], [4]], fn: (a, b) => where(MASK, a, b) },
  "stack": { shapes: [[3, 4], [3, 4]], fn: (a, b) => stack([a, b], 1) },
  "squeeze": { shapes: [[1, 3, 1, 2]], fn: (a) => a.squeeze() },
  "unsqueeze": { shapes: [[3, 2]], fn: (a) => a.unsqueeze(-1) },
  "view": { shapes: [[4, 3]], fn: (a) => a.view(2, -1) },
  "min": { shapes: [[3, 5]], fn: (a) => a.min({ dims: 1 }) },
  "std": { shapes: [[6, 3]], fn: (a) => a.std({ dims: 0 }) },
  "std of one value": { shapes: [[6, 3]], fn: (a) => a.mul(0).std({ dims: 0 }) },
  "norm": { shapes: [[3, 5]], fn: (a) => a.norm({ dims: 1, keepDims: true }) },
  "norm of zeros": { shapes: [[3, 5]], fn: (a) => a.mul(0).norm() },
  "norm 1": { shapes: [[3, 5]], fn: (a) => a.norm({ p: 1 }) },
  "norm 3": { shapes: [[3, 5]], fn: (a) => a.norm({ p: 3, dims: 0 }) },
  "norm inf": { shapes: [[3, 5]], fn: (a) => a.norm({ p: Infinity, dims: 1 }) },
  "topk": { shapes: [[4, 7]], fn: (a) => a.topk(3).values },
  "topk smallest": { shapes: [[5, 3]], fn: (a) => a.topk(2, { dim: 0, largest: false }).values },
  "at": { shapes: [[3, 5, 4]], fn: (a) => a.at(1, [null, null, 2], -1) },
  "at ranges": { shapes: [[3, 5, 7]], fn: (a) => a.at(null, [1, -1], [0, 9, 3]) },
  "matmul vector": { shapes: [[5], [5]], fn: (a, b) => a.matmul(b) },
  "matmul row": { shapes: [[4], [2, 4, 3]], fn: (a, b) => a.matmul(b) },
  "matmul column": { shapes: [[2, 3, 4], [4]], fn: (a, b) => a.matmul(b) },
  "matmul broadcast": { shapes: [[2, 1, 3, 4], [5, 4, 2]], fn: (a, b) => a.matmul(b) },
  "layerNorm": {
    shapes: [[4, 3, 6], [6], [6]],
    fn: (x, weight, bias) => layerNorm(x, [6], { weight, bias }),
  },
  "layerNorm two": {
    shapes: [[7, 3, 5], [3, 5], [3, 5]],
    fn: (x, weight, bias) => layerNorm(x, [3, 5], { weight, bias, eps: 1e-3 }),
  },
  "layerNorm plain": { shapes: [[5, 9]], fn: (x) => layerNorm(x, [9]) },
  "-inf": { shapes: [[6, 5]], scale: 4, fn: (a) => crossEntropy(a.add(INFINITE), HARD) },
  "max pool ceil": { shapes: [[1, 2, 6, 8]], fn: (a) => maxPool2d(a, POOL) },
  "avg pool ceil": { shapes: [[1, 2, 6, 8]], fn: (a) => avgPool2d(a, POOL) },
  "avg pool ceil without padding": {
    shapes: [[1, 2, 6, 8]],
    fn: (a) => avgPool2d(a, { ...POOL, countIncludePad: false }),
  },
  "avg pool ceil by 4": {
    shapes: [[1, 2, 9, 6]],
    fn: (a) => avgPool2d(a, { kernelSize: 2, stride: 4, ceilMode: true }),
  },
  "output padding": {
    shapes: [[1, 2, 4, 4], [2, 3, 2, 2]],
    fn: (a, w) => convTranspose2d(a, w, null, { dilation: 2, outputPadding: 1 }),
  },
};

for (const reduction of ["mean", "sum", "none"] as const) {
  for (const labelSmoothing of [0, 0.1]) {
    const name = `${reduction} ${labelSmoothing.toFixed(1)}`;
    const options = { reduction, labelSmoothing };
    const loss = (target: Tensor, more: object): Case => ({
      shapes: [[6, 5]],
      scale: 4,
      fn: (a) => crossEntropy(a, target, { ...options, ...more }),
    });
    CASES[`weight ${name}`] = loss(LABELS, { weight: WEIGHT, ignoreIndex: -100 });
    CASES[`ignore ${name}`] = loss(LABELS, { ignoreIndex: -100 });
    CASES[`soft ${name}`] = loss(SOFT, {});
    CASES[`soft weight ${name}`] = loss(SOFT, { weight: WEIGHT });
  }
}

function compare(found: ArrayLike<number>, expected: (number | null)[], what: string): void {
  const finite = expected.map((value) => value !== null);
  assertEquals(Array.from(found, Number.isFinite), finite, what);
  const kept = (list: ArrayLike<number | null>) => Array.from(list).filter((_, i) => finite[i]);
  assertClose(kept(found) as number[], kept(expected) as number[], 2e-6, what);
}

async function check(name: string, on: Gpu): Promise<void> {
  const { shapes, fn, scale = 1 } = CASES[name];
  const { shape, y, gradients } = EXPECTED[name];
  const options = { device: on, requiresGrad: true };
  const inputs = shapes.map((each, i) => tensor(values(`in${i}`, each, scale), each, options));
  const found = fn(...inputs);
  assertEquals(found.shape, shape);
  found.backward({ gradient: tensor(values("dy", shape), shape, { device: on }) });
  compare(await found.data(), y, "values:");
  for (const [i, input] of inputs.entries()) {
    compare(await input.grad!.data(), gradients[i], `gradient ${i}:`);
    input.dispose();
  }
}

for (const name of Object.keys(CASES)) {
  Deno.test(`${name} has the values and gradients of PyTorch`, () => check(name, gpu));
}

Deno.test("layerNorm() whose threads share rows has the values and gradients of PyTorch", async () => {
  for (const name of Object.keys(CASES).filter((each) => each.startsWith("layerNorm"))) {
    await check(name, hardware);
  }
});

Deno.test("layerNorm() of more rows than a part, and of long ones, has the gradients of its formula", async () => {
  for (const [rows, count] of [[130, 3], [2, 3001]]) {
    const [x, dy] = [values("x", [rows, count]), values("dy", [rows, count])];
    const w = values("w", [count]);
    const expected = { dx: new Float64Array(x.length), dw: new Float64Array(count) };
    for (let n = 0; n < rows; n++) {
      const row = Float64Array.from(x.subarray(n * count, (n + 1) * count));
      const mean = row.reduce((a, b) => a + b, 0) / count;
      const factor = 1 / Math.sqrt(row.reduce((a, b) => a + (b - mean) ** 2, 0) / count + 1e-5);
      const h = row.map((v) => (v - mean) * factor);
      const g = row.map((_, i) => dy[n * count + i] * w[i]);
      const mg = g.reduce((a, b) => a + b, 0) / count;
      const mgh = g.reduce((a, b, i) => a + b * h[i], 0) / count;
      h.forEach((v, i) => {
        expected.dx[n * count + i] = factor * (g[i] - mg - v * mgh);
        expected.dw[i] += dy[n * count + i] * v;
      });
    }
    for (const on of [gpu, hardware]) {
      const options = { device: on, requiresGrad: true };
      const [input, weight] = [tensor(x, [rows, count], options), tensor(w, null, options)];
      const y = layerNorm(input, [count], { weight });
      y.backward({ gradient: tensor(dy, [rows, count], { device: on }) });
      assertClose(await input.grad!.data(), expected.dx, 2e-6);
      assertClose(await weight.grad!.data(), expected.dw, 2e-6);
    }
  }
});

Deno.test("every case of the fixture is tried", () => {
  assertEquals(Object.keys(EXPECTED).toSorted(), Object.keys(CASES).toSorted());
  assert(Object.keys(CASES).length > 50);
});
