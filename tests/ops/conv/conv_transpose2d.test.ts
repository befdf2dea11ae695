import { assertEquals, assertThrows } from "@std/assert";
import {
  convTranspose2d,
  type ConvTransposeOptions,
} from "../../../src/ops/conv/conv_transpose2d.ts";
import type { ConvVariant } from "../../../src/ops/conv/conv2d.ts";
import { zeros } from "../../../src/tensor/create.ts";
import { scope } from "../../../src/tensor/scope.ts";
import { assertClose, device, procedural, values } from "../../helpers.ts";
import { eachProduct } from "./conv_cases.ts";

await device();

type Shape4 = readonly [number, number, number, number];

interface Case {
  x: Shape4;
  weight: Shape4;
  options?: ConvTransposeOptions;
  y: Shape4;
}

const PLAIN: Record<string, Case> = {
  "one element": { x: [1, 1, 1, 1], weight: [1, 1, 1, 1], y: [1, 1, 1, 1] },
  "4x4 of stride 2": {
    x: [2, 5, 4, 4],
    weight: [5, 3, 4, 4],
    options: { stride: 2, padding: 1 },
    y: [2, 3, 8, 8],
  },
  "3x3 with output padding": {
    x: [1, 3, 5, 4],
    weight: [3, 9, 3, 3],
    options: { stride: 2, padding: 1, outputPadding: 1 },
    y: [1, 9, 10, 8],
  },
  "3x3 of stride 1": { x: [2, 2, 5, 3], weight: [2, 4, 3, 3], y: [2, 4, 7, 5] },
};

const OTHER: Record<string, Case> = {
  "groups": {
    x: [2, 6, 4, 3],
    weight: [6, 2, 3, 3],
    options: { stride: 2, groups: 3, outputPadding: [0, 1] },
    y: [2, 6, 9, 8],
  },
  "dilation": {
    x: [1, 2, 4, 3],
    weight: [2, 3, 2, 3],
    options: { dilation: 2, padding: 1, stride: [1, 2] },
    y: [1, 3, 4, 7],
  },
};

/** In float64: y and x have changed places in the convolution of which this is the input gradient. */
function plain({ x, weight, options, y }: Case) {
  const [bias, input, kernel, dy] = [
    values("bias", [y[1]]),
    values("x", x),
    values("weight", weight),
    values("dy", y),
  ];
  const plane = y[2] * y[3];
  const channel = (i: number) => Math.floor(i / plane) % y[1];
  const output = Float64Array.from(dy, (_, i) => bias[channel(i)]);
  const dx = new Float64Array(input.length);
  const dweight = new Float64Array(kernel.length);
  const dbias = new Float64Array(y[1]);
  dy.forEach((value, i) => dbias[channel(i)] += value);
  const { outputPadding: _, ...convolution } = options ?? {};
  eachProduct({ x: y, weight, options: convolution }, (from, at, tap) => {
    output[at] += input[from] * kernel[tap];
    dx[from] += dy[at] * kernel[tap];
    dweight[tap] += dy[at] * input[from];
  });
  return [output, dx, dweight, dbias];
}

async function check(each: Case, variant?: ConvVariant): Promise<void> {
  const results = scope(() => {
    const leaves = [["x", each.x], ["weight", each.weight], ["bias", [each.y[1]]]] as const;
    const [x, weight, bias] = leaves.map(([name, shape]) => procedural(name, shape, 1, true));
    const y = convTranspose2d(x, weight, bias, each.options, variant);
    assertEquals([...y.shape], [...each.y]);
    y.backward({ gradient: procedural("dy", y.shape) });
    return [y, x.grad!, weight.grad!, bias.grad!];
  });
  const found = await Promise.all(results.map((result) => result.data()));
  plain(each).forEach((expected, i) => {
    assertClose(found[i], expected, 3e-6, `${["y", "dx", "dweight", "dbias"][i]}:`);
  });
  for (const result of results) result.dispose();
}

for (const [name, each] of Object.entries(PLAIN)) {
  for (const variant of ["lanes", "direct", "tiled", "generic"] as const) {
    Deno.test(`convTranspose2d() by ${variant} kernels is right, and its gradients: ${name}`, () => {
      return check(each, variant);
    });
  }
}

for (const [name, each] of Object.entries(OTHER)) {
  Deno.test(`convTranspose2d() is right, and its gradients: ${name}`, () => check(each));
}

Deno.test("convTranspose2d() refuses what does not fit", () => {
  const [x, weight] = [zeros([1, 3, 4, 4]), zeros([3, 2, 3, 3])];
  const refusals: [() => unknown, string][] = [
    [() => convTranspose2d(x, zeros([2, 3, 3, 3])), "input [1, 3, 4, 4] and weight [2, 3, 3, 3]"],
    [() => convTranspose2d(x, weight, null, { groups: 2 }), "2 groups"],
    [() => convTranspose2d(zeros([3, 4, 4]), weight), "[N, C, H, W]"],
    [() => convTranspose2d(x, weight, zeros([3])), "bias [3]"],
    [() => convTranspose2d(x, weight, null, { outputPadding: 1 }), "smaller than one of the two"],
    [() => convTranspose2d(x, weight, null, { stride: 2, outputPadding: -1 }), "outputPadding -1"],
    [() => convTranspose2d(x, weight, null, { padding: 3 }), "[1, 2, 0, 0] is empty"],
  ];
  for (const [call, message] of refusals) assertThrows(call, RangeError, message);
});
