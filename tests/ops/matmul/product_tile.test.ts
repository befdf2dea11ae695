import { assertEquals } from "@std/assert";
import type { Gpu } from "../../../src/gpu/gpu.ts";
import { convGeometry } from "../../../src/ops/conv/geometry.ts";
import { convForwardTiled, convInputGradTiled } from "../../../src/ops/conv/tiled.ts";
import { convWeightGradTiled } from "../../../src/ops/conv/tiled_weight_grad.ts";
import { product } from "../../../src/ops/matmul/product.ts";
import {
  CONVOLUTION_TILES,
  leastTime,
  leastWork,
  type ProductTile,
  SHALLOW_TILES,
  tilesToTime,
} from "../../../src/ops/matmul/product_tile.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { endStep } from "../../../src/tensor/scope.ts";
import { assertClose, device, values } from "../../helpers.ts";
import { type ConvCase, outSize, plainConv } from "../conv/conv_cases.ts";
import { hostMatrix, onDevice, times, transposed } from "./matmul_cases.ts";

await device();

/** Hardware with `room` bytes of memory for a workgroup. */
function hardware(room: number): Gpu {
  const device = { limits: { maxComputeWorkgroupStorageSize: room } };
  return { compilesSlowly: false, device } as unknown as Gpu;
}

// Several tiles each way and a rest; the second in whole vectors.
const PRODUCTS = [
  { rows: 130, depth: 37, columns: 66, transposeA: false },
  { rows: 68, depth: 20, columns: 524, transposeA: true },
] as const;
// The second has fewer channels than a step of the sum, the last whole steps and taps of whole loads.
const CONVOLUTIONS: readonly ConvCase[] = [
  { x: [5, 36, 12, 12], weight: [18, 36, 3, 3], options: { padding: 1, stride: 2 } },
  { x: [3, 3, 14, 13], weight: [70, 3, 3, 3], options: { padding: 1 } },
  { x: [2, 36, 10, 6], weight: [136, 36, 1, 1] },
  { x: [2, 32, 8, 12], weight: [34, 32, 3, 3], options: { padding: 1 } },
];

async function checkProduct(tile: ProductTile, size: typeof PRODUCTS[number]): Promise<void> {
  const { rows, depth, columns, transposeA } = size;
  const [a, b] = [hostMatrix("a", rows, depth), hostMatrix("b", depth, columns)];
  const offsets = values("bias", [columns]);
  const expected = times(a, b).data.map((value, e) => value + offsets[e % columns]);
  const left = onDevice(transposeA ? transposed(a) : a);
  const right = onDevice(transposeA ? b : transposed(b));
  const bias = tensor(offsets);
  const how = { transposeA, transposeB: !transposeA, bias, splits: 2 };
  const c = product(left, right, { ...how, variant: "tiled", tile });
  assertClose(await c.data(), expected, 1e-6, `${rows} x ${depth} x ${columns}:`);
  endStep();
}

async function checkConvolution(tile: ProductTile, convolution: ConvCase): Promise<void> {
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
  const gradient = convWeightGradTiled(xs, dys, g, tile);
  assertClose(await gradient.data(), expected.dweight, 3e-6, "dw:");
  endStep();
}

const TILES = [
  ...tilesToTime(hardware(32768), CONVOLUTION_TILES[0], CONVOLUTION_TILES),
  SHALLOW_TILES.at(-1)!,
];

for (const [i, each] of TILES.entries()) {
  // Unrolled as on hardware where that compiles soon enough.
  const tile = each.R * each.C * each.D > 256 ? each : { ...each, U: each.D };
  const name = `${tile.BM} x ${tile.BN}, ${tile.D} deep`;

  Deno.test(`product() is right in tiles of ${name}`, () => {
    return checkProduct(tile, PRODUCTS[i % 2]);
  });

  Deno.test(`conv2d() and its gradients are right in tiles of ${name}`, () => {
    return checkConvolution(tile, CONVOLUTIONS[i % 4]);
  });
}

Deno.test("leastTime() and leastWork() take tiles of the product's form, large ones for much to do", () => {
  const large = hardware(32768);
  const sizes = ({ BM, BN }: { BM: number; BN: number }) => [BM, BN];
  const timeOf = (rows: number, columns: number) => {
    return sizes(leastTime(large, { rows, columns }, 1, CONVOLUTION_TILES));
  };
  assertEquals([16, 32, 64, 256].map((rows) => timeOf(rows, 65536)[0]), [16, 32, 64, 128]);
  assertEquals(timeOf(65536, 10), [128, 32]);
  assertEquals(sizes(leastTime(large, { rows: 16, columns: 65536 })), [32, 128]);
  const workOf = (rows: number, columns: number) => {
    return sizes(leastWork(large, { rows, columns }, SHALLOW_TILES));
  };
  assertEquals([workOf(16, 144), workOf(64, 576)], [[16, 256], [64, 64]]);
  assertEquals(workOf(256, 2304), [128, 128]);
});

Deno.test("leastTime() and leastWork() leave out tiles that the device has no room for", () => {
  const small = hardware(16384);
  for (const rows of [1, 16, 32, 64, 500]) {
    for (const columns of [1, 100, 65536]) {
      for (const choose of [leastTime, leastWork]) {
        const { BM, BN, D } = choose(small, { rows, columns });
        assertEquals(16 * D * (BM / 4 + BN / 4 + 2) <= 16384, true, `${BM} x ${BN}`);
      }
    }
  }
});
