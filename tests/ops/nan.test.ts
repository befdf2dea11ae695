import { assert, assertEquals } from "@std/assert";
import { argmax } from "../../src/ops/reduce/argmax.ts";
import { batchNorm } from "../../src/ops/norm/batch_norm.ts";
import { clamp } from "../../src/ops/elementwise/unary.ts";
import { crossEntropy } from "../../src/ops/softmax/cross_entropy.ts";
import { gaussianWasserstein } from "../../src/ops/losses/gaussian_wasserstein.ts";
import { kernelRows } from "../../src/ops/losses/kernel_rows.ts";
import { maxPool2d } from "../../src/ops/pool/max_pool2d.ts";
import { maximum } from "../../src/ops/elementwise/binary.ts";
import { minimum } from "../../src/ops/elementwise/binary.ts";
import { reduce } from "../../src/ops/reduce/reduce.ts";
import { relu6 } from "../../src/ops/elementwise/unary.ts";
import { softmaxRows } from "../../src/ops/softmax/softmax_rows.ts";
import { ones, tensor, zeros } from "../../src/tensor/create.ts";
import type { FloatType } from "../../src/tensor/dtype.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { device, values } from "../helpers.ts";

const gpu = await device();
const TYPES: readonly FloatType[] = gpu.half ? ["float32", "float16"] : ["float32"];

/** NaN of either sign: x86 makes the negative one of 0 / 0. */
const BOTH = new Float32Array(Uint32Array.of(0x7fc00000, 0xffc00000).buffer);

const leaf = (data: Float32Array | number[], shape: number[] | null = null, dtype?: FloatType) =>
  tensor(Float32Array.from(data), shape, { dtype, requiresGrad: true });

/** The result of an op, and the gradient of its input when that of the result is 1, 2, 3... */
async function run(op: (x: Tensor) => Tensor, x: Tensor): Promise<[number[], number[]]> {
  const y = op(x);
  const counted = Float32Array.from({ length: y.numel }, (_, i) => i + 1);
  y.backward({ gradient: tensor(counted, y.shape, { dtype: y.dtype as FloatType }) });
  return [[...await y.data()], [...await x.grad!.data()]];
}

Deno.test("relu6() keeps NaN, which passes the gradient", async () => {
  for (const dtype of TYPES) {
    const x = leaf([-1, 0, 3, 6, 7, NaN], null, dtype);
    assertEquals(await run(relu6, x), [[0, 0, 3, 6, 6, NaN], [0, 0, 3, 0, 0, 6]]);
  }
  assertEquals([...await relu6(tensor(BOTH)).data()], [NaN, NaN]);
});

Deno.test("clamp() keeps NaN, which has no gradient", async () => {
  const x = leaf([-1, 0.5, 7, NaN]);
  assertEquals(await run((x) => clamp(x, 0, 1), x), [[0, 0.5, 1, NaN], [0, 2, 0, 0]]);
  assertEquals([...await clamp(tensor(BOTH), 0).data()], [NaN, NaN]);
});

for (const [op, name] of [[maximum, "maximum"], [minimum, "minimum"]] as const) {
  Deno.test(`${name}() is NaN where one is, and each gets the gradient`, async () => {
    for (const shape of [[3], [3, 1], [3, 4]]) {
      const cells = shape[1] ?? 1;
      const rows = (data: number[]) =>
        Float32Array.from({ length: 3 * cells }, (_, i) => data[Math.floor(i / cells)]);
      const a = leaf(rows([NaN, 1, NaN]), shape);
      // Broadcast where there are two dimensions.
      const b = leaf([2, NaN, NaN], shape.length > 1 ? [3, 1] : [3]);
      const y = op(a, b);
      y.backward({ gradient: tensor(rows([1, 2, 3]), shape) });
      assertEquals([...await y.data()], [...rows([NaN, NaN, NaN])]);
      assertEquals([...await a.grad!.data()], [...rows([1, 2, 3])]);
      assertEquals([...await b.grad!.data()], [1, 2, 3].map((v) => v * cells));
    }
  });
}

Deno.test("batchNorm() passes NaN through its ReLU and into the running variance", async () => {
  for (const dtype of TYPES) {
    for (const plane of [3, 4]) {
      for (const tree of [true, false]) {
        const data = values("x", [2, 2, plane]);
        data[0] = NaN;
        const x = leaf(data, [2, 2, plane], dtype);
        const runningVar = ones([2]);
        const statistics = { runningMean: zeros([2]), runningVar };
        const parameters = { weight: ones([2]), bias: zeros([2]), ...statistics };
        const [y, dx] = await run(
          (x) => batchNorm(x, parameters, { training: true, relu: true, tree }),
          x,
        );
        const expected = y.map((_, i) => Math.floor(i / plane) % 2 === 0);
        assertEquals(y.map(Number.isNaN), expected);
        assertEquals(dx.map(Number.isNaN), expected);
        assertEquals([...await runningVar.data()].map(Number.isNaN), [true, false]);
      }
    }
  }
});

Deno.test("batchNorm() with frozen statistics passes the gradient where its ReLU saw NaN", async () => {
  const parameters = () => ({
    weight: ones([1]),
    bias: zeros([1]),
    runningMean: zeros([1]),
    runningVar: ones([1]),
  });
  for (const shape of [[1, 1, 3], [1, 1, 4]]) {
    const x = leaf([NaN, -1, 1, 2].slice(0, shape[2]), shape);
    const residual = leaf(new Float32Array(shape[2]), shape);
    const op = (x: Tensor) =>
      batchNorm(x, parameters(), { training: false, relu: true, residual, eps: 0 });
    const [y] = await run(op, x);
    assertEquals(y, [NaN, 0, 1, 2].slice(0, shape[2]));
    assertEquals([...await residual.grad!.data()], [1, 0, 3, 4].slice(0, shape[2]));
  }
});

Deno.test("maxPool2d() takes the last NaN of a window, which gets the gradient", async () => {
  for (const dtype of TYPES) {
    const x = leaf([1, NaN, 5, 6, NaN, 3, 8, 7], [1, 1, 2, 4], dtype);
    const pool = (x: Tensor) => maxPool2d(x, { kernelSize: 2 });
    assertEquals(await run(pool, x), [[NaN, 8], [0, 0, 0, 0, 1, 0, 2, 0]]);
    const first = leaf([NaN, 1, 2, 3], [1, 1, 2, 2], dtype);
    assertEquals(await run(pool, first), [[NaN], [1, 0, 0, 0]]);
  }
});

Deno.test("max() and sum() of NaN are NaN wherever it stands, with every kernel", async () => {
  for (const [outer, count, inner] of [[3, 7, 1], [3, 8, 1], [3, 7, 4], [3, 5000, 1]]) {
    for (const reduction of ["max", "sum"] as const) {
      for (const variant of inner === 1 ? ["thread", "tree"] as const : ["thread"] as const) {
        for (const at of [0, 1, Math.floor(count / 2), count - 1]) {
          const data = values("x", [outer, count, inner]);
          data[(count + at) * inner] = BOTH[at % 2];
          const y = reduce(tensor(data), { outer, count, inner }, reduction, { variant });
          const found = [...await y.data()].map(Number.isNaN);
          assertEquals(found, found.map((_, i) => i === inner), `${reduction} ${variant} ${at}`);
        }
      }
    }
  }
});

Deno.test("max() of NaN has a gradient of NaN in its row only", async () => {
  for (const columns of [[NaN, 5, 5], [5, NaN, NaN, 5]]) {
    const x = leaf([...columns, ...columns.map((_, i) => i)], [2, columns.length]);
    const [y, dx] = await run((x) => x.max({ dims: 1 }), x);
    assertEquals(y, [NaN, columns.length - 1]);
    const last = columns.map((_, i) => i === columns.length - 1 ? 2 : 0);
    assertEquals(dx, [...columns.map(() => NaN), ...last]);
  }
});

Deno.test("argmax() takes the first NaN", async () => {
  const rows = [[1, NaN, 3, NaN], [NaN, 9, 9, 9], [1, 2, 3, BOTH[1]]];
  assertEquals([...await argmax(tensor(rows), 1).data()], [1, 0, 3]);
  const long = values("x", [5000]);
  long[3210] = long[4321] = NaN;
  assertEquals(await argmax(tensor(long)).item(), 3210);
});

Deno.test("softmax() of a row with NaN is NaN, with every kernel", async () => {
  for (const classes of [7, 8, 300]) {
    for (const variant of ["thread", "tree"] as const) {
      for (const logarithm of [true, false]) {
        for (const at of [0, classes - 1]) {
          const data = values("x", [2, classes]);
          data[at] = NaN;
          const y = await softmaxRows(tensor(data, [2, classes]), 1, logarithm, variant).data();
          assert(y.every((v, i) => Number.isNaN(v) === i < classes), `${variant} ${at}`);
        }
      }
    }
  }
});

Deno.test("crossEntropy() of a row with NaN is NaN", async () => {
  for (const lanes of [1, 64]) {
    for (const at of [0, 2, 9]) {
      const data = values("x", [2, 10]);
      data[at] = NaN;
      const labels = tensor(Int32Array.of(5, 5));
      const losses = crossEntropy(tensor(data, [2, 10]), labels, { reduction: "none" }, lanes);
      assertEquals([...await losses.data()].map(Number.isNaN), [true, false]);
    }
  }
});

Deno.test("gaussianWasserstein() of NaN is NaN in both parts", async () => {
  const data = values("x", [1, 2, 4, 4]);
  data[5] = NaN;
  const x = tensor(data, [1, 2, 4, 4]);
  const { meanLoss, covLoss } = gaussianWasserstein(x, zeros([1, 2, 4, 4]));
  assertEquals([await meanLoss.item(), await covLoss.item()], [NaN, NaN]);
});

Deno.test("kernelRows() of the RBF kernel keeps NaN", async () => {
  const options = { scales: ones([1]), means: zeros([1, 2]), totals: zeros([1]), degree: 0 };
  const y = kernelRows(tensor([1, NaN], [1, 1, 2]), 0, { norms: ones([1, 2]), ...options });
  assertEquals([...await y.data()], [1, NaN]);
});
