import { assertEquals, assertThrows } from "@std/assert";
import { conv2d, conv2dWithEnding, type ConvVariant } from "../../../src/ops/conv/conv2d.ts";
import { sumChannels } from "../../../src/ops/reduce/sum_channels.ts";
import { scope } from "../../../src/tensor/scope.ts";
import { assertClose, device, procedural } from "../../helpers.ts";
import { type ConvCase, OTHER_CASES, outSize, PLAIN_CASES } from "./conv_cases.ts";

await device();

const CASES: readonly (readonly [name: string, convolution: ConvCase, variant?: ConvVariant])[] = [
  ["3x3 in whole tiles", PLAIN_CASES["3x3 in whole tiles"], "direct"],
  ["3x3 in whole tiles", PLAIN_CASES["3x3 in whole tiles"], "tiled"],
  ["3x3 of odd sizes", PLAIN_CASES["3x3 of odd sizes"], "direct"],
  ["3x3 of odd sizes", PLAIN_CASES["3x3 of odd sizes"], "tiled"],
  ["3x3 of odd sizes", PLAIN_CASES["3x3 of odd sizes"], "generic"],
  ["sums in several windows", PLAIN_CASES["300 channels"], "direct"],
  ["1x1", { x: [2, 6, 8, 8], weight: [10, 6, 1, 1] }, "direct"],
  ["depthwise", OTHER_CASES.depthwise, "direct"],
];

for (const [name, convolution, variant] of CASES) {
  const which = `${name}, by ${variant ?? "chosen"} kernels`;
  Deno.test(`conv2dWithEnding() adds and rectifies behind the bias: ${which}`, async () => {
    const { x, weight, options = {} } = convolution;
    const shape = [x[0], weight[0], ...outSize(convolution)];
    const found = scope(() => {
      const [input, kernel] = [procedural("x", x), procedural("weight", weight)];
      const [bias, residual] = [procedural("bias", [weight[0]]), procedural("residual", shape)];
      const plain = conv2d(input, kernel, bias, options, variant);
      const both = { weight: kernel, bias };
      const ending = { residual, relu: true };
      return {
        whole: conv2dWithEnding(input, both, options, ending, variant),
        steps: plain.add(residual).relu(),
        bare: conv2dWithEnding(input, { weight: kernel, bias: null }, options, {}, variant),
        expected: conv2d(input, kernel, null, options, variant),
      };
    });
    const { whole, steps, bare, expected } = found;
    assertClose(await whole.data(), await steps.data(), 1e-6);
    assertEquals(await bare.data(), await expected.data());
    for (const each of Object.values(found)) each.dispose();
  });
}

for (const [name, convolution, variant] of [...CASES.slice(0, 2), CASES[4], CASES[6], CASES[7]]) {
  Deno.test(`conv2d() adds its input's gradient to one that is there: ${name}, ${variant}`, async () => {
    const { x, weight, options } = convolution;
    const gradients = scope(() => {
      const gradient = (convolves: boolean, adds: boolean) => {
        const [input, kernel] = [procedural("x", x, 1, true), procedural("weight", weight)];
        const parts = [
          ...(convolves ? [conv2d(input, kernel, null, options, variant).sum()] : []),
          // A later op, whose gradient is there before that of the convolution.
          ...(adds ? [input.mul(3).sum()] : []),
        ];
        parts.reduce((sum, part) => sum.add(part)).backward();
        return input.grad!;
      };
      return [gradient(true, true), gradient(true, false), gradient(false, true)];
    });
    const [both, one, other] = await Promise.all(gradients.map((each) => each.data()));
    assertClose(both, Float32Array.from(one, (value, i) => value + other[i]), 1e-6);
    for (const each of gradients) each.dispose();
  });
}

Deno.test("conv2dWithEnding() refuses a residual that does not fit", () => {
  scope(() => {
    const [x, weight] = [procedural("x", [1, 1, 1, 1]), procedural("w", [1, 1, 1, 1])];
    const residual = procedural("r", [1, 1, 1, 2]);
    assertThrows(
      () => conv2dWithEnding(x, { weight, bias: null }, {}, { residual }),
      RangeError,
      "residual",
    );
  });
});

Deno.test("sumChannels() sums all but the channels in one kernel", async () => {
  const [tree, expected] = scope(() => {
    const x = procedural("x", [5, 3, 7, 11]);
    return [sumChannels(x, true), sumChannels(x, false)];
  });
  assertClose(await tree.data(), await expected.data(), 1e-6);
  for (const each of [tree, expected]) each.dispose();
});
