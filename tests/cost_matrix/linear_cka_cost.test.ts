import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { centerFeatures } from "../../src/cost_matrix/center_features.ts";
import { crossProducts } from "../../src/cost_matrix/cross_products.ts";
import { gramProducts } from "../../src/cost_matrix/gram_products.ts";
import { type FeatureShape, linearCkaCost } from "../../src/cost_matrix/linear_cka_cost.ts";
import { UserError } from "../../src/errors.ts";
import { readSafetensors } from "../../src/formats/safetensors/read_safetensors.ts";
import { assertClose, device, values } from "../helpers.ts";

const gpu = await device();

const { tensors } = readSafetensors(
  Deno.readFileSync(new URL("../fixtures/ops/cost_matrix.safetensors", import.meta.url)),
);

/** Class features of the reference figures: noise plus a share of what all classes have in common. */
function classFeatures(name: string, [classes, samples, dims]: FeatureShape): Float32Array {
  const noise = values(`class_features/${name}`, [classes, samples, dims], 1);
  const mix = values(`class_mix/${name}`, [classes, 1, 1], 1);
  const common = values(`class_shared/${name}`, [1, samples, dims], 2);
  const size = samples * dims;
  return noise.map((value, at) => value + mix[Math.floor(at / size)] * common[at % size]);
}

/** Largest difference of two matrices. */
function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}

for (const [name, shape] of [["0", [6, 40, 16]], ["1", [10, 64, 32]]] as const) {
  Deno.test(`linearCkaCost() matches PyTorch on case ${name}`, async () => {
    const expected = tensors.get(`${name}/dist`)!.data as Float32Array;
    const cost = await linearCkaCost(classFeatures(name, shape), shape);
    assert(largestDifference(cost, expected) < 1e-6);
  });
}

Deno.test("linearCkaCost() is the same in small blocks, and reports each", async () => {
  const shape = [7, 33, 19] as const;
  const features = classFeatures("1", shape);
  const whole = await linearCkaCost(features, shape);
  const steps: string[] = [];
  const onProgress = (done: number, total: number) => steps.push(`${done}/${total}`);
  const blocks = await linearCkaCost(features, shape, { blockBytes: 9000, onProgress });
  assert(largestDifference(whole, blocks) < 1e-6);
  assertEquals(steps.at(-1), "4/4");
  assertEquals(steps.length, 4);
});

Deno.test("gramProducts() and crossProducts() agree, whole and in blocks", async () => {
  const shape = [5, 21, 6] as const;
  const features = centerFeatures(classFeatures("0", shape), shape);
  const before = gpu.account.inUse;
  const results = [];
  for (const blockBytes of [4096, 2 ** 20]) {
    const work = { gpu, features, shape, blockBytes, onProgress: () => {} };
    results.push(
      await gramProducts(work),
      await crossProducts({ ...work, blockBytes: blockBytes / 4 }),
    );
  }
  for (const result of results) {
    for (let i = 0; i < 5; i++) {
      for (let j = i; j < 5; j++) assertClose([result[i * 5 + j]], [results[0][i * 5 + j]], 1e-5);
    }
  }
  assertEquals(gpu.account.inUse, before);
});

Deno.test("linearCkaCost() is zero between a class and its rotated, scaled, moved copy", async () => {
  const x = values("rotated", [40, 2]);
  const y = x.map((_, at) => {
    const [a, b] = [x[at - at % 2], x[at - at % 2 + 1]];
    return 5 + 3 * (at % 2 === 0 ? 0.6 * a - 0.8 * b : 0.8 * a + 0.6 * b);
  });
  const cost = await linearCkaCost(Float32Array.of(...x, ...y), [2, 40, 2]);
  assertAlmostEquals(cost[1], 0, 1e-6);
  assertEquals(cost[0], 0);
});

Deno.test("linearCkaCost() refuses what does not fit", async () => {
  const features = values("features", [2, 3, 4]);
  const refused = (data: Float32Array, shape: FeatureShape, text: string) =>
    assertRejects(() => linearCkaCost(data, shape), UserError, text);
  await refused(features, [2, 3, 5], "24 numbers are not features of shape [2, 3, 5]");
  await refused(features, [1, 6, 4], "2 or more classes");
  await refused(features.with(13, NaN), [2, 3, 4], "class 1 hold NaN");
  await refused(new Float32Array(24), [2, 3, 4], "class 0 do not vary");
});
