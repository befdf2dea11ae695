import { assertThrows } from "@std/assert";
import { adaptiveAvgPool2d } from "../../../src/ops/pool/adaptive_avg_pool2d.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { device, procedural } from "../../helpers.ts";
import { checkPool, type Windows } from "./pool_cases.ts";

await device();

/** PyTorch's rule: window o is elements floor(o * size / out) to ceil((o + 1) * size / out). */
function adaptiveWindows(size: number, out: number): Windows {
  return Array.from({ length: out }, (_, o) => {
    const first = Math.floor(o * size / out);
    const end = Math.ceil((o + 1) * size / out);
    return Array.from({ length: end - first }, (_, k) => first + k);
  });
}

Deno.test("adaptiveAvgPool2d() cuts the plane into even windows, and its gradient", async () => {
  const cases = [
    { shape: [1, 1, 1, 1], size: 1 },
    { shape: [3, 70, 7, 7], size: 1 },
    { shape: [2, 3, 8, 8], size: 1 },
    { shape: [2, 3, 8, 6], size: 2 },
    { shape: [2, 3, 7, 10], size: [3, 4] },
    { shape: [1, 2, 3, 2], size: [5, 7] },
  ] as const;
  for (const { shape, size } of cases) {
    const [outHeight, outWidth] = [size].flat().length === 2
      ? size as readonly [number, number]
      : [size as number, size as number];
    await checkPool(
      (x) => adaptiveAvgPool2d(x, size),
      shape,
      adaptiveWindows(shape[2], outHeight),
      adaptiveWindows(shape[3], outWidth),
      (elements) => elements.map(() => 1 / elements.length),
    );
  }
});

Deno.test("adaptiveAvgPool2d() refuses bad arguments", () => {
  const x = procedural("x", [1, 1, 4, 4]);
  assertThrows(() => adaptiveAvgPool2d(x, 0), RangeError, "positive integers");
  assertThrows(() => adaptiveAvgPool2d(procedural("x", [4, 4]), 1), RangeError, "[N, C, H, W]");
  const integers = tensor(Int32Array.of(1), [1, 1, 1, 1]);
  assertThrows(() => adaptiveAvgPool2d(integers, 1), TypeError, "int32");
});
