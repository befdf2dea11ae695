import { assertEquals } from "@std/assert";
import { conv2d, type ConvVariant } from "../../../src/ops/conv/conv2d.ts";
import { convGeometry } from "../../../src/ops/conv/geometry.ts";
import { convKernels } from "../../../src/ops/conv/variants.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { scope } from "../../../src/tensor/scope.ts";
import { assertClose, device, values } from "../../helpers.ts";
import { type ConvCase, outSize, plainConv } from "./conv_cases.ts";

const gpu = await device();

/** One input and one output channel a group; the names tell how tiles meet the borders. */
const DEPTHWISE: Readonly<Record<string, ConvCase>> = {
  "one tile of vectors": depthwise(3, [8, 8], 3, 1, 1),
  "many tiles of vectors": depthwise(2, [5, 24], 3, 1, 1),
  "rows in several tiles": depthwise(1, [37, 8], 3, 1, 1),
  "a row of 7": depthwise(3, [7, 7], 3, 1, 1),
  "rows that no tile divides": depthwise(2, [9, 11], 3, 1, 1),
  "no padding": depthwise(2, [9, 7], 3, 1, 0),
  "stride 2 in vectors": depthwise(3, [16, 16], 3, 2, 1),
  "stride 2 in many tiles": depthwise(2, [6, 32], 3, 2, 1),
  "stride 2 to rows of 7": depthwise(2, [14, 14], 3, 2, 1),
  "stride 2 of odd sizes": depthwise(2, [9, 13], 3, 2, 1),
  "stride 2 without padding": depthwise(2, [9, 8], 3, 2, 0),
  "5x5": depthwise(2, [9, 8], 5, 1, 2),
  "5x5 of stride 2": depthwise(2, [12, 8], 5, 2, 2),
  "stride 3 beyond the kernel": depthwise(2, [10, 11], 2, 3, 0),
  "1x1": depthwise(5, [4, 6], 1, 1, 0),
};

/** Groups of more channels. */
const GROUPED: Readonly<Record<string, ConvCase>> = {
  "1x1, 3 groups": grouped([2, 30, 4, 6], 60, 3, 1, 1, 0),
  "1x1, 3 groups, 49 pixels": grouped([3, 12, 7, 7], 51, 3, 1, 1, 0),
  "1x1, 4 groups to one channel each": grouped([2, 12, 4, 4], 4, 4, 1, 1, 0),
  "3x3, 2 groups": grouped([2, 6, 5, 7], 10, 2, 3, 1, 1),
  "3x3, 8 groups, stride 2": grouped([2, 16, 6, 5], 24, 8, 3, 2, 1),
  "3x3, two outputs a channel": grouped([2, 5, 9, 7], 10, 5, 3, 1, 1),
  "1x1, one group, 5x5 pixels": grouped([2, 6, 5, 5], 19, 1, 1, 1, 0),
  "1x1, 1100 channels": grouped([1, 1100, 2, 2], 18, 1, 1, 1, 0),
};

function depthwise(
  channels: number,
  [height, width]: readonly [number, number],
  kernel: number,
  stride: number,
  padding: number,
): ConvCase {
  return grouped([2, channels, height, width], channels, channels, kernel, stride, padding);
}

function grouped(
  x: ConvCase["x"],
  outputs: number,
  groups: number,
  kernel: number,
  stride: number,
  padding: number,
): ConvCase {
  const weight = [outputs, x[1] / groups, kernel, kernel] as const;
  return { x, weight, options: { groups, stride, padding } };
}

/** Results of a family's kernels in the order y, dx, dweight, with a bias and of inputs rounded to `dtype`. */
async function run(
  convolution: ConvCase,
  variant: ConvVariant,
  dtype: "float32" | "float16" = "float32",
): Promise<Float32Array[]> {
  const { x, weight, options = {} } = convolution;
  const g = convGeometry(x, weight, options);
  const kernels = convKernels(g, gpu.software, variant);
  const [input, w, bias, gradient] = inputs(convolution, dtype);
  const results = scope(() => {
    const given = tensor(input, x).to(dtype);
    const dy = tensor(gradient, [x[0], weight[0], ...outSize(convolution)]).to(dtype);
    const parameter = tensor(w, weight);
    return [
      kernels.forward(given, parameter, tensor(bias, [weight[0]]), g),
      kernels.inputGrad(dy, parameter, g),
      kernels.weightGrad(given, dy, g),
    ];
  });
  assertEquals(results.map((each) => each.dtype), [dtype, dtype, "float32"]);
  const found = await Promise.all(results.map((each) => each.data()));
  for (const each of results) each.dispose();
  return found as Float32Array[];
}

function inputs(convolution: ConvCase, dtype: "float32" | "float16"): Float32Array[] {
  const { x, weight } = convolution;
  const sizes = [x, weight, [weight[0]], [x[0], weight[0], ...outSize(convolution)]];
  const round = dtype === "float16" ? Math.f16round : Math.fround;
  return sizes.map((size, i) => values(`input ${i}`, size).map(round));
}

async function check(
  convolution: ConvCase,
  variant: ConvVariant,
  dtype: "float32" | "float16" = "float32",
): Promise<void> {
  const [input, weight, bias, dy] = inputs(convolution, dtype);
  const expected = plainConv(convolution, input, weight, bias, dy);
  const found = await run(convolution, variant, dtype);
  const tolerance = dtype === "float16" ? 1e-3 : 3e-6;
  assertClose(found[0], expected.y, tolerance, "y:");
  assertClose(found[1], expected.dx, tolerance, "dx:");
  assertClose(found[2], expected.dweight, 3e-6, "dweight:");
}

for (const variant of ["lanes", "direct", "tiled"] as const) {
  // Depthwise kernels are the same for both kinds of a software adapter.
  const cases = variant === "lanes" ? GROUPED : { ...DEPTHWISE, ...GROUPED };
  for (const [name, convolution] of Object.entries(cases)) {
    const kind = name in DEPTHWISE ? "depthwise" : "grouped";
    Deno.test(`${variant} kernels are right for ${kind} convolutions: ${name}`, () => {
      return check(convolution, variant);
    });
  }
}

const HALF: Readonly<Record<"direct" | "tiled", readonly ConvCase[]>> = {
  direct: [DEPTHWISE["stride 2 in vectors"], GROUPED["1x1, 3 groups"]],
  tiled: [
    DEPTHWISE["many tiles of vectors"],
    DEPTHWISE["stride 2 of odd sizes"],
    GROUPED["1x1, 3 groups"],
  ],
};

for (const variant of ["direct", "tiled"] as const) {
  Deno.test({
    name: `${variant} kernels are right for groups in float16`,
    ignore: !gpu.half,
    fn: async () => {
      for (const convolution of HALF[variant]) await check(convolution, variant, "float16");
    },
  });
}

Deno.test("kernels for groups give the same bits again", async () => {
  for (const variant of ["direct", "tiled"] as const) {
    for (const convolution of [DEPTHWISE["stride 2 in vectors"], GROUPED["1x1, 3 groups"]]) {
      assertEquals(await run(convolution, variant), await run(convolution, variant), variant);
    }
  }
});

Deno.test("kernels for groups split the images of a weight's gradient evenly", async () => {
  const convolution = { ...depthwise(2, [4, 4], 3, 1, 1), x: [37, 2, 4, 4] as const };
  await check(convolution, "direct");
  await check({ ...GROUPED["1x1, 3 groups"], x: [37, 30, 2, 2] }, "direct");
});

Deno.test("conv2d() takes the kernels for groups where there is enough to do", async () => {
  const convolution = depthwise(48, [12, 24], 3, 1, 1);
  const { x, weight, options } = convolution;
  const generic = await run(convolution, "generic");
  const [input, w, bias] = inputs(convolution, "float32");
  const y = scope(() =>
    conv2d(tensor(input, x), tensor(w, weight), tensor(bias, [weight[0]]), options)
  );
  const expected = await run(convolution, gpu.software ? "lanes" : "tiled");
  assertEquals(await y.data(), expected[0]);
  assertClose(expected[0], generic[0], 1e-6);
  y.dispose();
});
