import { assertEquals, assertThrows } from "@std/assert";
import { tensor } from "../../../src/tensor/create.ts";
import { numel, type Shape } from "../../../src/tensor/shape.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { assertClose, procedural, values } from "../../helpers.ts";

/** One direction of the windows: the elements of each that lie in the plane. */
export type Windows = readonly (readonly number[])[];

/** Options as numbers; `sides` are [vertical, horizontal]. */
export interface PoolCase {
  shape: Shape;
  kernelSize: readonly [number, number];
  stride: readonly [number, number];
  padding: readonly [number, number];
}

/** One element, overlap, gaps, padding, windows that do not fit whole, uneven sides. */
export const POOL_CASES: readonly PoolCase[] = [
  { shape: [1, 1, 1, 1], kernelSize: [1, 1], stride: [1, 1], padding: [0, 0] },
  { shape: [2, 3, 8, 8], kernelSize: [2, 2], stride: [2, 2], padding: [0, 0] },
  { shape: [2, 3, 7, 5], kernelSize: [2, 2], stride: [2, 2], padding: [0, 0] },
  { shape: [1, 2, 11, 9], kernelSize: [3, 3], stride: [2, 2], padding: [1, 1] },
  { shape: [3, 1, 6, 7], kernelSize: [3, 2], stride: [1, 3], padding: [1, 0] },
  { shape: [1, 2, 9, 9], kernelSize: [2, 2], stride: [4, 3], padding: [1, 1] },
  { shape: [1, 1, 30, 31], kernelSize: [9, 10], stride: [1, 1], padding: [3, 5] },
  { shape: [2, 70, 7, 7], kernelSize: [7, 7], stride: [1, 1], padding: [0, 0] },
];

/** The windows of a pooling in one direction. */
export function windowsOf(size: number, kernel: number, stride: number, padding: number): Windows {
  const count = Math.floor((size + 2 * padding - kernel) / stride) + 1;
  return Array.from(
    { length: count },
    (_, o) =>
      Array.from({ length: kernel }, (_, k) => o * stride + k - padding)
        .filter((i) => i >= 0 && i < size),
  );
}

/**
 * Checks a pooling and its gradient against plain loops.
 *
 * @param weigh shares of a window's elements in its result
 */
export async function checkPool(
  op: (x: Tensor) => Tensor,
  shape: Shape,
  vertical: Windows,
  horizontal: Windows,
  weigh: (elements: readonly number[]) => readonly number[],
): Promise<void> {
  const [, , height, width] = shape;
  const data = values("x", shape);
  const outShape = [shape[0], shape[1], vertical.length, horizontal.length];
  const dy = values("dy", outShape);
  const y = new Float64Array(numel(outShape));
  const dx = new Float64Array(data.length);
  for (let out = 0; out < y.length; out++) {
    const column = horizontal[out % horizontal.length];
    const row = vertical[Math.floor(out / horizontal.length) % vertical.length];
    const first = Math.floor(out / (horizontal.length * vertical.length)) * height * width;
    const places = row.flatMap((iy) => column.map((ix) => first + iy * width + ix));
    weigh(places.map((place) => data[place])).forEach((share, i) => {
      y[out] += share * data[places[i]];
      dx[places[i]] += share * dy[out];
    });
  }
  const x = tensor(data, shape, { requiresGrad: true });
  const found = op(x);
  assertEquals(found.shape, outShape);
  assertClose(await found.data(), y, 1e-5, `${shape} to ${outShape}:`);
  found.backward({ gradient: tensor(dy, outShape) });
  assertClose(await x.grad!.data(), dx, 1e-5, `gradient of ${shape} to ${outShape}:`);
}

/** Checks refusals that the pooling ops share. */
export function checkPoolRefusals(
  op: (x: Tensor, options: { kernelSize: number; stride?: number; padding?: number }) => Tensor,
): void {
  const x = procedural("x", [1, 1, 4, 4]);
  assertThrows(() => op(procedural("x", [4, 4]), { kernelSize: 2 }), RangeError, "[N, C, H, W]");
  assertThrows(() => op(x, { kernelSize: 5 }), RangeError, "larger than the padded");
  assertThrows(() => op(x, { kernelSize: 2, padding: 2 }), RangeError, "half the kernel");
  assertThrows(() => op(x, { kernelSize: 2, stride: 0 }), RangeError, "integers wanted");
  const integers = tensor(Int32Array.of(1), [1, 1, 1, 1]);
  assertThrows(() => op(integers, { kernelSize: 1 }), TypeError, "int32");
}
