import { assertEquals, assertThrows } from "@std/assert";
import { CONVOLUTION_TILES } from "../../../src/ops/matmul/product_tile.ts";
import { product } from "../../../src/ops/matmul/product.ts";
import { matmul } from "../../../src/ops/matmul/matmul.ts";
import { tensor } from "../../../src/tensor/create.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import {
  assertClose,
  checkGradients,
  device,
  EXACT_DIFFERENCES,
  procedural,
  values,
} from "../../helpers.ts";
import { hostMatrix, matrixOf, onDevice, times, transposed } from "./matmul_cases.ts";

await device();

// One element, fewer than any tile, whole vec4, primes, more than one workgroup tile.
const SIZES = [[1, 1, 1], [3, 2, 5], [8, 12, 16], [13, 7, 11], [4, 5, 8], [70, 37, 66]];
const FLAGS = [[false, false], [false, true], [true, false], [true, true]];

for (const variant of ["register", "tiled"] as const) {
  Deno.test(`product() is right for any size and transposition with ${variant}`, async () => {
    for (const [rows, depth, columns] of SIZES) {
      const a = hostMatrix("a", rows, depth);
      const b = hostMatrix("b", depth, columns);
      const expected = times(a, b).data;
      for (const [transposeA, transposeB] of FLAGS) {
        const left = onDevice(transposeA ? transposed(a) : a);
        const right = onDevice(transposeB ? transposed(b) : b);
        const c = product(left, right, { transposeA, transposeB, variant });
        const message = `${rows} x ${depth} x ${columns} ${transposeA} ${transposeB}:`;
        assertClose(await c.data(), expected, 1e-6, message);
      }
    }
  });

  Deno.test(`product() adds a bias and cuts long sums with ${variant}`, async () => {
    for (const depth of [40, 77]) {
      const a = hostMatrix("a", 9, depth);
      const b = hostMatrix("b", depth, 7);
      const bias = values("bias", [7]);
      const expected = times(a, b).data.map((v, e) => v + bias[e % 7]);
      for (const splits of [1, 3]) {
        const c = product(onDevice(a), onDevice(b), { bias: tensor(bias), variant, splits });
        assertClose(await c.data(), expected, 1e-6, `depth ${depth}, ${splits} parts:`);
      }
    }
  });

  Deno.test(`product() of a batch is right with ${variant}`, async () => {
    const shapes: readonly [Shape, Shape][] = [
      [[3, 5, 6], [3, 6, 7]],
      [[2, 3, 4, 8], [2, 3, 8, 4]],
      [[5, 6], [3, 6, 7]],
      [[3, 5, 6], [6, 7]],
    ];
    for (const [shapeA, shapeB] of shapes) {
      const [a, b] = [values("a", shapeA), values("b", shapeB)];
      const c = product(tensor(a, shapeA), tensor(b, shapeB), { variant });
      const batch = c.numel / (c.size(-1) * c.size(-2));
      const expected = Array.from({ length: batch }, (_, i) => [
        ...times(matrixOf(a, shapeA, i), matrixOf(b, shapeB, i)).data,
      ]).flat();
      assertClose(await c.data(), expected, 1e-6, `${shapeA} by ${shapeB}:`);
    }
  });
}

Deno.test("matmul() is right where the chooser takes large tiles and long sums", async () => {
  for (const [rows, depth, columns] of [[130, 67, 257], [10, 5000, 12], [257, 64, 10]]) {
    const a = hostMatrix("a", rows, depth);
    const b = hostMatrix("b", depth, columns);
    const c = matmul(onDevice(a), onDevice(b));
    assertClose(await c.data(), times(a, b).data, 1e-5, `${rows} x ${depth} x ${columns}:`);
  }
});

Deno.test("product() takes more rows than a dispatch has groups of tiles", async () => {
  const tile = CONVOLUTION_TILES.at(-1)!;
  const rows = 65535 * tile.BM + tile.BM + 1;
  const [a, b] = [values("a", [rows]), values("b", [1])];
  const c = product(tensor(a, [rows, 1]), tensor(b, [1, 1]), { variant: "tiled", tile });
  const found = await c.data();
  assertEquals(a.findIndex((value, i) => Math.fround(value * b[0]) !== found[i]), -1);
});

Deno.test("matmul() takes more rows than a dispatch has workgroups for", async () => {
  const a = hostMatrix("a", 8 * 65535 + 9, 2);
  const b = hostMatrix("b", 2, 3);
  assertClose(await matmul(onDevice(a), onDevice(b)).data(), times(a, b).data, 1e-6);
});

Deno.test("matmul() has the gradients of both operands in every transposition", async () => {
  const a = hostMatrix("a", 9, 6);
  const b = hostMatrix("b", 6, 7);
  const dy = hostMatrix("dy", 9, 7);
  const da = times(dy, transposed(b));
  const db = times(transposed(a), dy);
  for (const [transposeA, transposeB] of FLAGS) {
    const left = onDevice(transposeA ? transposed(a) : a, true);
    const right = onDevice(transposeB ? transposed(b) : b, true);
    matmul(left, right, { transposeA, transposeB }).backward({ gradient: onDevice(dy) });
    assertClose(await left.grad!.data(), (transposeA ? transposed(da) : da).data, 1e-6);
    assertClose(await right.grad!.data(), (transposeB ? transposed(db) : db).data, 1e-6);
  }
});

Deno.test("matmul() of batches has the gradients of central differences", async () => {
  const cases: readonly [Shape, Shape, boolean, boolean][] = [
    [[2, 3, 4], [2, 4, 2], false, false],
    [[2, 3, 4], [2, 4], false, true],
    [[2, 4, 3], [4, 2], true, false],
    [[3, 4], [2, 4, 2], false, false],
  ];
  for (const [shapeA, shapeB, transposeA, transposeB] of cases) {
    await checkGradients((a, b) => matmul(a, b, { transposeA, transposeB }), [
      { shape: shapeA, data: values("a", shapeA) },
      { shape: shapeB, data: values("b", shapeB) },
    ], { samples: 4, tolerance: EXACT_DIFFERENCES });
  }
});

Deno.test("matmul() leaves operands without gradient alone", async () => {
  const a = procedural("a", [3, 4], 1, true);
  const b = procedural("b", [4, 2]);
  const y = matmul(a, b);
  y.backward({ gradient: procedural("dy", [3, 2]) });
  assertEquals([(await a.grad!.data()).length, b.grad], [12, null]);
});

Deno.test("matmul() is deterministic", async () => {
  const a = procedural("a", [33, 3000]);
  const b = procedural("b", [3000, 17]);
  assertEquals(await matmul(a, b).data(), await matmul(a, b).data());
});

Deno.test("matmul() refuses shapes that do not fit and integers", () => {
  const a = procedural("a", [3, 4]);
  assertThrows(() => matmul(a, procedural("b", [3, 4])), RangeError, "4 and 3 must be equal");
  assertThrows(() => matmul(a, procedural("b", [3])), RangeError, "4 and 3 must be equal");
  const flags = { transposeB: true };
  assertThrows(() => matmul(a, procedural("b", [4]), flags), RangeError, "no transpose");
  const batches = [procedural("b", [2, 4, 4]), procedural("c", [3, 4, 4])];
  assertThrows(() => matmul(batches[0], batches[1]), RangeError, "leading dimensions");
  assertThrows(() => matmul(a, tensor(Int32Array.of(1, 2, 3, 4), [4, 1])), TypeError, "int32");
});
