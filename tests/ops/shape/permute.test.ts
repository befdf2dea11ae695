import { assertEquals, assertThrows } from "@std/assert";
import { permute } from "../../../src/ops/shape/permute.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { numel, type Shape, stridesOf } from "../../../src/tensor/shape.ts";
import { checkGradients, device, EXACT_DIFFERENCES, values } from "../../helpers.ts";
import { positionOf } from "../elementwise/elementwise_cases.ts";

await device();

function permuted(x: Float32Array, shape: Shape, dims: Shape): Float32Array {
  const strides = stridesOf(shape);
  const target = dims.map((d) => shape[d]);
  return Float32Array.from({ length: numel(shape) }, (_, i) => {
    const position = positionOf(i, target);
    return x[position.reduce((index, where, d) => index + where * strides[dims[d]], 0)];
  });
}

// Tiles of 4 x 4, one and many matrices; odd sizes; whole vec4 rows; nothing to move; six dimensions.
const CASES: readonly (readonly [Shape, Shape])[] = [
  [[64, 36], [1, 0]],
  [[3, 8, 12], [0, 2, 1]],
  [[2, 8, 3, 4], [0, 2, 3, 1]],
  [[5, 7], [1, 0]],
  [[1, 9], [1, 0]],
  [[3, 5, 7], [2, 0, 1]],
  [[6, 5, 8], [1, 0, 2]],
  [[4, 8, 4], [2, 1, 0]],
  [[1], [0]],
  [[2, 3, 2, 3, 2, 3], [5, 3, 1, 4, 2, 0]],
];

Deno.test("permute() moves every element", async () => {
  for (const [shape, dims] of CASES) {
    const x = values("x", shape);
    const y = permute(tensor(x, shape), dims);
    assertEquals(y.shape, dims.map((d) => shape[d]));
    assertEquals(await y.data(), permuted(x, shape, dims), `${shape} by ${dims}`);
  }
});

Deno.test("permute() takes integers and negative dimensions", async () => {
  const y = permute(tensor(Int32Array.of(1, 2, 3, 4, 5, 6), [2, 3]), [-1, 0]);
  assertEquals(await y.data(), Int32Array.of(1, 4, 2, 5, 3, 6));
});

Deno.test("permute() has the gradient of central differences", async () => {
  for (const [shape, dims] of CASES.slice(1, 6)) {
    const input = { shape, data: values("x", shape) };
    await checkGradients((x) => permute(x, dims).mul(permute(x, dims)), [input], {
      samples: 4,
      tolerance: EXACT_DIFFERENCES,
    });
  }
});

Deno.test("permute() refuses dimensions that are missing, repeated or too many", () => {
  const x = tensor([[1, 2]]);
  for (const dims of [[0], [0, 0], [0, 2], [0, 1, 1]]) {
    assertThrows(() => permute(x, dims), RangeError);
  }
  const deep = tensor(new Float32Array(128), [2, 2, 2, 2, 2, 2, 2]);
  assertThrows(() => permute(deep, [6, 5, 4, 3, 2, 1, 0]), RangeError, "7 dimensions");
});
