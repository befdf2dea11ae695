import { assert, assertEquals, assertThrows } from "@std/assert";
import { eigh } from "../../src/ops/eigh.ts";
import { tensor } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { assertClose, checkGradients, device, procedural, values } from "../helpers.ts";
import { hostEigh } from "./eigh_reference.ts";

await device();

type Matrix = number[][];

/** A symmetric matrix of procedural values in (-scale, scale), with `diagonal` added. */
function symmetric(name: string, n: number, scale = 1, diagonal = (_: number) => 0): Matrix {
  const u = values(name, [n, n], scale);
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => {
      return Math.fround(u[Math.max(i, j) * n + Math.min(i, j)] + (i === j ? diagonal(i) : 0));
    }));
}

/** Fails unless `eigh` of matrices of one size is right to float32, whose rounding grows with the size. */
async function checkEigh(matrices: readonly Matrix[]): Promise<void> {
  const n = matrices[0].length;
  const tolerance = 1e-6 + 3e-8 * n;
  const found = eigh(tensor(matrices.flat(2), [matrices.length, n, n]));
  const [all, vectors] = await Promise.all([found.values.data(), found.vectors.data()]);
  for (const [m, matrix] of matrices.entries()) {
    const expected = hostEigh(matrix);
    const size = Math.max(...expected.values.map(Math.abs), Number.MIN_VALUE);
    const at = (i: number, c: number) => vectors[(m * n + i) * n + c];
    for (let c = 0; c < n; c++) {
      const value = all[m * n + c];
      assert(Math.abs(value - expected.values[c]) <= tolerance * size, `${n}: value ${c} ${value}`);
      let sum = 0;
      for (let i = 0; i < n; i++) {
        const product = matrix[i].reduce((total, entry, j) => total + entry * at(j, c), 0);
        assert(Math.abs(product - value * at(i, c)) <= tolerance * size, `${n}: vector ${c}`);
        const inner = matrix.reduce((total, _, j) => total + at(j, i) * at(j, c), 0);
        assert(
          Math.abs(inner - Number(i === c)) <= tolerance,
          `${n}: product of vectors ${i}, ${c}`,
        );
        sum += at(i, c);
      }
      assert(sum >= -tolerance, `${n}: the components of vector ${c} add up to ${sum}`);
    }
  }
}

Deno.test("eigh() decomposes matrices of any size, batches of them too", async () => {
  for (const n of [1, 2, 3, 7, 8, 17, 32, 65]) {
    await checkEigh([symmetric(`a${n}`, n), symmetric(`b${n}`, n), symmetric(`c${n}`, n)]);
  }
  await checkEigh([symmetric("large", 130)]);
});

Deno.test("eigh() decomposes large, small, diagonal, singular and degenerate matrices", async () => {
  const n = 6;
  const u = values("rank 1", [n]);
  const build = (entry: (i: number, j: number) => number): Matrix =>
    Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => entry(i, j)));
  await checkEigh([
    symmetric("x", n, 1e15),
    symmetric("x", n, 1e-15),
    build((i, j) => i === j ? 3 - i : 0),
    build(() => 0),
    build((i, j) => Number(i === j)),
    build((i, j) => Math.fround(u[i] * u[j])),
    build((i, j) => i === j ? 2 : 1),
    symmetric("x", n, 1e-6, (i) => i < 3 ? 1 : 2),
  ]);
});

Deno.test("eigh() finds the vectors of values that are apart", async () => {
  const n = 9;
  const matrix = symmetric("apart", n, 0.5, (i) => i);
  const { values: found, vectors } = eigh(tensor(matrix.flat(), [n, n]));
  const expected = hostEigh(matrix);
  assertClose(await found.data(), expected.values, 1e-6);
  const columns = Array.from({ length: n }, (_, i) => expected.vectors.map((each) => each[i]));
  assertClose(await vectors.data(), columns.flat(), 2e-6);
});

Deno.test("eigh() makes the same bits twice, and NaN of NaN", async () => {
  const x = tensor(symmetric("x", 33).flat(), [33, 33]);
  const [a, b] = await Promise.all([eigh(x).vectors.data(), eigh(x).vectors.data()]);
  assertEquals(a, b);
  const broken = eigh(tensor([1, NaN, NaN, 1], [2, 2]));
  assertEquals([...await broken.values.data()], [NaN, NaN]);
  assert((await broken.vectors.data()).every(Number.isNaN));
});

/** Values and vectors, weighted and added up. */
function weighted(x: Tensor, ofValues: Tensor, ofVectors: Tensor): Tensor {
  const { values, vectors } = eigh(x);
  return values.mul(ofValues).sum().add(vectors.mul(ofVectors).sum());
}

Deno.test("eigh() has the gradient of float64's central differences", async () => {
  for (const n of [1, 2, 5, 12]) {
    const matrix = symmetric(`m${n}`, n, 0.4, (i) => 1.5 * i);
    const [onValues, onVectors] = [values("values", [n]), values("vectors", [n, n])];
    const host = (m: Matrix) => {
      const found = hostEigh(m);
      return found.vectors.reduce((total, vector, c) => {
        const part = vector.reduce((sum, entry, i) => sum + entry * onVectors[i * n + c], 0);
        return total + part + found.values[c] * onValues[c];
      }, 0);
    };
    const moved = (i: number, j: number, by: number) => {
      const copy = matrix.map((row) => [...row]);
      copy[i][j] += by;
      if (i !== j) copy[j][i] += by;
      return host(copy);
    };
    const x = tensor(matrix.flat(), [n, n], { requiresGrad: true });
    weighted(x, tensor(onValues), tensor(onVectors, [n, n])).backward();
    const gradient = await x.grad!.data();
    const [found, expected]: number[][] = [[], []];
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        found.push(gradient[i * n + j] + (i === j ? 0 : gradient[j * n + i]));
        expected.push((moved(i, j, 1e-5) - moved(i, j, -1e-5)) / 2e-5);
      }
    }
    assertClose(found, expected, 2e-6, `${n} rows:`);
  }
});

Deno.test("eigh() has the gradient of its own central differences", async () => {
  const data = tensor(
    [...symmetric("p", 4, 0.5, (i) => 3 * i), ...symmetric("q", 4, 0.5, (i) => -2 * i)].flat(),
    [2, 4, 4],
  );
  const input = { shape: [2, 4, 4], data: await data.data() as Float32Array };
  const even = (x: Tensor) => x.add(x.transpose(1, 2)).mul(0.5);
  const options = { step: 2 ** -5, tolerance: 1e-4, samples: 32 };
  await checkGradients((x) => eigh(even(x)).vectors, [input], options);
  await checkGradients((x) => eigh(even(x)).values, [input], options);
});

Deno.test("eigh() gives vectors of equal values no gradient from each other", async () => {
  const x = tensor([2, 0, 0, 0, 2, 0, 0, 0, 5], [3, 3], { requiresGrad: true });
  eigh(x).vectors.mul(procedural("weights", [3, 3])).sum().backward();
  const gradient = await x.grad!.data();
  assert(gradient.every(Number.isFinite));
  assertEquals([gradient[1], gradient[3]], [0, 0]);
  assert(gradient[2] !== 0 && gradient[5] !== 0);
});

Deno.test("eigh() refuses what is not square, too large or of integers", () => {
  const wrong = "square matrices of up to 256 rows wanted";
  for (const shape of [[3], [2, 3], [2, 3, 2], [257, 257]]) {
    assertThrows(() => eigh(procedural("x", shape)), RangeError, wrong);
  }
  assertThrows(() => eigh(tensor(Int32Array.of(1), [1, 1])), TypeError);
});
