import { assert, assertEquals, assertThrows } from "@std/assert";
import { sinkhorn, type SinkhornMethod } from "../../../src/ops/sinkhorn/sinkhorn.ts";
import { CostKernel } from "../../../src/ops/sinkhorn/cost_kernel.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { assertClose, device, labels, uniforms } from "../../helpers.ts";

const gpu = await device();

/** Lambda is large enough for gradients that float32 can be compared by. */
const LAMBDA = 0.2;

/** One small problem: masses with rows that sum to one, an asymmetric cost, a weight for every sample's distance. */
function problem(samples: number, classes: number, separated: boolean) {
  const excluded = labels(`labels/${samples}`, samples, classes);
  const masses = (name: string) => {
    const data = uniforms(name, samples * classes).map((u) => u + 0.1);
    for (let n = 0; n < samples; n++) {
      const row = data.subarray(n * classes, (n + 1) * classes);
      if (separated) row[excluded[n]] = 0;
      const sum = row.reduce((a, b) => a + b, 0);
      row.forEach((value, i) => row[i] = value / sum);
    }
    return Float32Array.from(data);
  };
  return {
    shape: [samples, classes] as const,
    p: masses(`p/${classes}`),
    q: masses(`q/${classes}`),
    cost: Float32Array.from(uniforms(`cost/${classes}`, classes * classes)),
    weights: Float32Array.from(uniforms("weights", samples)),
    excluded: separated ? excluded : null,
  };
}

type Problem = ReturnType<typeof problem>;

/** Sinkhorn in plain float64: the sum over samples of weight times distance. */
function reference(given: Problem, p: Float64Array, q: Float64Array, iterations: number): number {
  const { shape: [samples, classes], excluded, weights } = given;
  const d = Array.from(given.cost, (value) => value + 1e-8);
  const k = d.map((value) => Math.exp(-value / LAMBDA));
  let total = 0;
  for (let n = 0; n < samples; n++) {
    const live = Array.from({ length: classes }, (_, i) => i).filter((i) => i !== excluded?.[n]);
    const u = live.map(() => 1 / live.length);
    let v: number[] = [];
    const sum = (f: (a: number) => number) => live.reduce((s, _, a) => s + f(a), 0);
    for (let t = 0; t < iterations; t++) {
      v = live.map((j) =>
        q[n * classes + j] / (sum((a) => k[live[a] * classes + j] * u[a]) + 1e-8)
      );
      live.forEach((i, a) =>
        u[a] = p[n * classes + i] / (sum((b) => k[i * classes + live[b]] * v[b]) + 1e-8)
      );
    }
    const at = (a: number, b: number) => live[a] * classes + live[b];
    total += weights[n] * sum((a) => sum((b) => u[a] * k[at(a, b)] * d[at(a, b)] * v[b]));
  }
  return total;
}

/** Central differences of the reference with respect to some elements of p and q, in turn. */
function differences(given: Problem, iterations: number, picked: readonly number[]): number[] {
  const masses = [Float64Array.from(given.p), Float64Array.from(given.q)];
  return masses.flatMap((moved) =>
    picked.map((i) => {
      const [value, step] = [moved[i], 1e-5 * moved[i]];
      if (step === 0) return 0;
      moved[i] = value + step;
      const above = reference(given, masses[0], masses[1], iterations);
      moved[i] = value - step;
      const below = reference(given, masses[0], masses[1], iterations);
      moved[i] = value;
      return (above - below) / (2 * step);
    })
  );
}

/** Distances weighted and summed on the host, and the gradients of p and q. */
async function run(given: Problem, iterations: number, method?: SinkhornMethod) {
  const { shape, weights, excluded } = given;
  const cost = new CostKernel(given.cost, shape[1], { lambda: LAMBDA });
  const p = tensor(given.p, shape, { requiresGrad: true });
  const q = tensor(given.q, shape, { requiresGrad: true });
  const labels = excluded ? tensor(excluded) : undefined;
  const distance = sinkhorn(p, q, cost, { iterations, labels, method });
  distance.backward({ gradient: tensor(weights) });
  const distances = await distance.data();
  const value = weights.reduce((sum, weight, n) => sum + weight * distances[n], 0);
  const gradients = [await p.grad!.data(), await q.grad!.data()];
  for (const used of [p.grad!, q.grad!, p, q]) used.dispose();
  cost.dispose();
  return { value, gradients };
}

const METHODS: Record<SinkhornMethod, readonly (readonly [number, number])[]> = {
  samples: [[1, 2], [9, 33], [3, 128]],
  group: [[1, 2], [9, 33], [3, 129]],
  product: [[1, 2], [9, 33], [3, 129]],
  tiledProduct: [[1, 2], [9, 33], [3, 129]],
};

for (const [method, shapes] of Object.entries(METHODS)) {
  Deno.test(`sinkhorn() by ${method} is float64's, and its gradient, on odd shapes`, async () => {
    for (const [samples, classes] of shapes) {
      for (const [iterations, separated] of [[1, false], [4, classes > 2]] as const) {
        const given = problem(samples, classes, separated);
        const { value, gradients } = await run(given, iterations, method as SinkhornMethod);
        const [p, q] = [Float64Array.from(given.p), Float64Array.from(given.q)];
        const name = `${samples} x ${classes}, ${iterations} iterations`;
        assertClose([value], [reference(given, p, q, iterations)], 2e-6, name);
        const stride = Math.ceil(samples * classes / 12);
        const picked = Array.from({ length: Math.ceil(p.length / stride) }, (_, i) => i * stride);
        const found = gradients.flatMap((gradient) => picked.map((i) => gradient[i]));
        assertClose(found, differences(given, iterations, picked), 5e-5, `${name}, gradient:`);
      }
    }
  });
}

Deno.test("sinkhorn() gives the excluded class no gradient", async () => {
  for (const method of ["samples", "group", "product", "tiledProduct"] as const) {
    const given = problem(5, 11, true);
    const { gradients } = await run(given, 3, method);
    given.excluded!.forEach((label, n) => {
      for (const gradient of gradients) assertEquals(gradient[n * 11 + label], 0);
    });
  }
});

Deno.test("sinkhorn() gives the same bits twice", async () => {
  for (const method of ["samples", "group", "product", "tiledProduct"] as const) {
    const given = problem(6, 21, true);
    assertEquals(await run(given, 5, method), await run(given, 5, method));
  }
});

Deno.test("sinkhorn() never holds samples x classes x classes numbers", async () => {
  for (const [samples, classes] of [[64, 100], [64, 300]] as const) {
    const given = problem(samples, classes, true);
    await gpu.finished();
    const before = gpu.account.inUse;
    gpu.account.peak = before;
    await run(given, 10);
    const used = gpu.account.peak - before;
    assert(used > 0 && used < 4 * samples * classes * classes / 2, `${used} bytes`);
  }
});

Deno.test("sinkhorn() frees all it used, with and without a tape", () => {
  const given = problem(4, 150, false);
  const cost = new CostKernel(given.cost, 150);
  const p = tensor(given.p, given.shape);
  const q = tensor(given.q, given.shape);
  const gradient = tensor(given.weights);
  const before = gpu.account.inUse;
  sinkhorn(p, q, cost).dispose();
  assertEquals(gpu.account.inUse, before);
  p.requiresGrad = true;
  const distance = sinkhorn(p, q, cost);
  distance.backward({ gradient });
  for (const result of [distance, p.grad!]) result.dispose();
  p.grad = null;
  assertEquals(gpu.account.inUse, before);
});

Deno.test("sinkhorn() refuses what does not fit", () => {
  const cost = new CostKernel(new Float32Array(300 * 300), 300);
  const p = tensor(new Float32Array(600), [2, 300]);
  const two = tensor([[0.5, 0.5]]);
  assertThrows(() => sinkhorn(p, two, cost), RangeError, "[2, 300] and [1, 2]");
  assertThrows(() => sinkhorn(two, two, cost), RangeError, "2 classes with a cost matrix of 300");
  assertThrows(() => sinkhorn(p, p, cost, { iterations: 1.5 }), RangeError, "got 1.5");
  const wrong = tensor(Int32Array.of(1, 2, 3));
  assertThrows(() => sinkhorn(p, p, cost, { labels: wrong }), TypeError, "got int32 [3]");
  assertThrows(() => sinkhorn(p, p, cost, { method: "samples" }), RangeError, "at most 128");
  assertThrows(() => sinkhorn(p, p, cost, { method: "group" }), RangeError, "at most 256");
});

Deno.test("CostKernel refuses what is not a cost matrix", () => {
  const four = new Float32Array(4);
  assertThrows(() => new CostKernel(four, 3), RangeError, "9 numbers; got 4");
  assertThrows(() => new CostKernel(four, 1), RangeError, "2 or more classes");
  assertThrows(() => new CostKernel(four, 2, { lambda: 0 }), RangeError, "got 0");
  assertThrows(() => new CostKernel(four, 2, { sharpen: -1 }), RangeError, "got -1");
  assertThrows(() => new CostKernel(four.with(2, NaN), 2), RangeError, "classes 1 and 0 is NaN");
});
