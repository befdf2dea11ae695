import { assertEquals } from "@std/assert";
import type { Gpu } from "../../../src/gpu/gpu.ts";
import { convGeometry } from "../../../src/ops/conv/geometry.ts";
import {
  convForwardTiled,
  convInputGradTiled,
  convWeightGradTiled,
} from "../../../src/ops/conv/tiled.ts";
import { product } from "../../../src/ops/matmul/product.ts";
import { leastTime, leastWork, PRODUCT_TILES } from "../../../src/ops/matmul/product_tile.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { endStep } from "../../../src/tensor/scope.ts";
import { assertClose, device, values } from "../../helpers.ts";
import { type ConvCase, outSize, plainConv } from "../conv/conv_cases.ts";
import { hostMatrix, onDevice, times, transposed } from "./matmul_cases.ts";

const gpu = await device();

// Several tiles each way and a rest; the second in whole vectors.
const PRODUCTS = [[70, 37, 66], [67, 20, 524]] as const;
const CONVOLUTIONS: readonly ConvCase[] = [
  { x: [3, 5, 14, 13], weight: [70, 5, 3, 3], options: { padding: 1 } },
  { x: [5, 36, 12, 12], weight: [18, 36, 3, 3], options: { padding: 1, stride: 2 } },
  { x: [2, 9, 10, 6], weight: [8, 9, 1, 1] },
];

for (const tile of PRODUCT_TILES) {
  const name = `${tile.BM} x ${tile.BN}`;

  Deno.test(`product() is right in tiles of ${name}`, async () => {
    for (const [rows, depth, columns] of PRODUCTS) {
      const [a, b] = [hostMatrix("a", rows, depth), hostMatrix("b", depth, columns)];
      const bias = values("bias", [columns]);
      const expected = times(a, b).data.map((value, e) => value + bias[e % columns]);
      for (const [transposeA, transposeB] of [[false, true], [true, false]]) {
        const left = onDevice(transposeA ? transposed(a) : a);
        const right = onDevice(transposeB ? transposed(b) : b);
        const options = {
          transposeA,
          transposeB,
          bias: tensor(bias),
          variant: "tiled",
          tile,
        } as const;
        const c = product(left, right, { ...options, splits: 2 });
        assertClose(await c.data(), expected, 1e-6, `${rows} x ${depth} x ${columns}:`);
      }
    }
    endStep();
  });

  Deno.test(`conv2d() and its gradients are right in tiles of ${name}`, async () => {
    for (const convolution of CONVOLUTIONS) {
      const { x, weight, options = {} } = convolution;
      const shapeOfDy = [x[0], weight[0], ...outSize(convolution)];
      const [input, kernel, dy] = [values("x", x), values("w", weight), values("dy", shapeOfDy)];
      const bias = values("bias", [weight[0]]);
      const expected = plainConv(convolution, input, kernel, bias, dy);
      const g = convGeometry(x, weight, options);
      const [xs, ws, dys] = [tensor(input, x), tensor(kernel, weight), tensor(dy, shapeOfDy)];
      const y = convForwardTiled(xs, ws, tensor(bias), g, tile);
      assertClose(await y.data(), expected.y, 3e-6, "y:");
      assertClose(await convInputGradTiled(dys, ws, g, tile).data(), expected.dx, 3e-6, "dx:");
      assertClose(
        await convWeightGradTiled(xs, dys, g, tile).data(),
        expected.dweight,
        3e-6,
        "dw:",
      );
    }
    endStep();
  });
}

Deno.test("leastTime() and leastWork() take low tiles for few rows, large ones for much to do", () => {
  const rowsOf = (rows: number) => leastTime(gpu, { rows, columns: 65536 }).BM;
  assertEquals([16, 32, 64, 256].map(rowsOf), [16, 32, 64, 64]);
  assertEquals(leastTime(gpu, { rows: 256, columns: 65536 }).C, 8);
  assertEquals(leastTime(gpu, { rows: 64, columns: 4096 }).C, 4);
  assertEquals(leastWork(gpu, { rows: 16, columns: 144 }).BM, 16);
  assertEquals(leastWork(gpu, { rows: 256, columns: 2304 }).C, 8);
});

Deno.test("leastTime() and leastWork() leave out tiles that the device has no room for", () => {
  const small = { device: { limits: { maxComputeWorkgroupStorageSize: 16384 } } } as unknown as Gpu;
  for (const rows of [1, 16, 32, 64, 500]) {
    for (const columns of [1, 100, 65536]) {
      for (
        const { BM, BN } of [
          leastTime(small, { rows, columns }),
          leastWork(small, { rows, columns }),
        ]
      ) {
        assertEquals(16 * 16 * (BM / 4 + BN / 4 + 2) <= 16384, true, `${BM} x ${BN}`);
      }
    }
  }
});
