import { assertEquals, assertThrows } from "@std/assert";
import { upsampleNearest } from "../../../src/ops/shape/upsample_nearest.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { checkGradients, device, EXACT_DIFFERENCES, values } from "../../helpers.ts";
import { positionOf } from "../elementwise/elementwise_cases.ts";

await device();

Deno.test("upsampleNearest() repeats rows and columns", async () => {
  for (const [shape, scale] of [[[2, 3, 4, 5], 2], [[1, 1, 1, 1], 3], [[1, 2, 7, 9], 4]] as const) {
    const x = values("x", shape);
    const [n, c, height, width] = shape;
    const target = [n, c, height * scale, width * scale];
    const expected = Float32Array.from({ length: x.length * scale ** 2 }, (_, i) => {
      const [sample, channel, h, w] = positionOf(i, target);
      const row = (sample * c + channel) * height + Math.floor(h / scale);
      return x[row * width + Math.floor(w / scale)];
    });
    const y = upsampleNearest(tensor(x, shape), scale);
    assertEquals(y.shape, target);
    assertEquals(await y.data(), expected);
  }
});

Deno.test("upsampleNearest() has the gradient of central differences", async () => {
  const input = { shape: [1, 2, 3, 2], data: values("x", [1, 2, 3, 2]) };
  await checkGradients((x) => upsampleNearest(x, 3).pow(2), [input], {
    tolerance: EXACT_DIFFERENCES,
  });
});

Deno.test("upsampleNearest() refuses other shapes and scales", () => {
  assertThrows(() => upsampleNearest(tensor([[1]]), 2), RangeError, "[N, C, H, W]");
  const x = tensor([1], [1, 1, 1, 1]);
  assertThrows(() => upsampleNearest(x, 1.5), RangeError, "by 1.5");
});
