import { assertEquals, assertThrows } from "@std/assert";
import { pad, type Padding } from "../../../src/ops/shape/pad.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { checkGradients, device, EXACT_DIFFERENCES, values } from "../../helpers.ts";

await device();

function padded(
  x: Float32Array,
  [planes, height, width]: readonly number[],
  [left, right, top, bottom]: Padding,
  value: number,
): number[] {
  const out: number[] = [];
  for (let p = 0; p < planes; p++) {
    for (let h = -top; h < height + bottom; h++) {
      for (let w = -left; w < width + right; w++) {
        const inside = h >= 0 && h < height && w >= 0 && w < width;
        out.push(inside ? x[(p * height + h) * width + w] : value);
      }
    }
  }
  return out;
}

const PADDINGS: readonly Padding[] = [[1, 1, 1, 1], [0, 2, 3, 0], [-1, 1, 0, -2], [0, 0, 0, 0]];

Deno.test("pad() puts a value around planes, and crops", async () => {
  const x = values("x", [3, 5, 7]);
  for (const padding of PADDINGS) {
    const y = pad(tensor(x, [3, 5, 7]), padding, -0.5);
    const [left, right, top, bottom] = padding;
    assertEquals(y.shape, [3, 5 + top + bottom, 7 + left + right]);
    assertEquals([...await y.data()], padded(x, [3, 5, 7], padding, -0.5));
  }
});

Deno.test("pad() fills with zeros unless told otherwise, also matrices", async () => {
  const y = pad(tensor([[5]]), [1, 0, 0, 1]);
  assertEquals([...await y.data()], [0, 5, 0, 0]);
});

Deno.test("pad() has the gradient of central differences", async () => {
  for (const padding of PADDINGS) {
    const input = { shape: [2, 3, 4], data: values("x", [2, 3, 4]) };
    await checkGradients((x) => pad(x, padding, 1).pow(2), [input], {
      samples: 8,
      tolerance: EXACT_DIFFERENCES,
    });
  }
});

Deno.test("pad() refuses vectors, fractions and to leave nothing", () => {
  const x = tensor([[1, 2]]);
  assertThrows(() => pad(tensor([1]), [1, 1, 1, 1]), RangeError, "at least two");
  assertThrows(() => pad(x, [0.5, 0, 0, 0]), RangeError);
  assertThrows(() => pad(x, [-1, -1, 0, 0]), RangeError, "at least one element");
});
