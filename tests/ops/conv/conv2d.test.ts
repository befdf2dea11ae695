import { assert, assertEquals, assertThrows } from "@std/assert";
import { conv2d, type ConvVariant } from "../../../src/ops/conv/conv2d.ts";
import { convGeometry } from "../../../src/ops/conv/geometry.ts";
import { chooseWeightGradTile } from "../../../src/ops/conv/weight_grad_tile.ts";
import { tensor, zeros } from "../../../src/tensor/create.ts";
import { scope } from "../../../src/tensor/scope.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { assertClose, device, procedural, values } from "../../helpers.ts";
import {
  type ConvCase,
  LANES_CASES,
  OTHER_CASES,
  outSize,
  PLAIN_CASES,
  plainConv,
} from "./conv_cases.ts";

const gpu = await device();

/** What conv2d() and its gradients make of procedural values, in the order y, dx, dweight, dbias. */
async function run(convolution: ConvCase, variant?: ConvVariant): Promise<Float32Array[]> {
  const { x, weight, options } = convolution;
  const [images, outputs] = [x[0], weight[0]];
  const results = scope(() => {
    const leaves = [["x", x], ["weight", weight], ["bias", [outputs]]] as const;
    const [input, kernel, bias] = leaves.map(([name, shape]) => procedural(name, shape, 1, true));
    const y = conv2d(input, kernel, bias, options, variant);
    assertEquals([...y.shape], [images, outputs, ...outSize(convolution)]);
    y.backward({ gradient: procedural("dy", y.shape) });
    return [y, input.grad!, kernel.grad!, bias.grad!];
  });
  const found = await Promise.all(results.map((each) => each.data()));
  for (const each of results) each.dispose();
  return found as Float32Array[];
}

async function check(convolution: ConvCase, variant?: ConvVariant): Promise<void> {
  const { x, weight } = convolution;
  const dy = values("dy", [x[0], weight[0], ...outSize(convolution)]);
  const [bias, input, kernel] = [
    values("bias", [weight[0]]),
    values("x", x),
    values("weight", weight),
  ];
  const expected = plainConv(convolution, input, kernel, bias, dy);
  const found = await run(convolution, variant);
  (["y", "dx", "dweight", "dbias"] as const).forEach((name, i) => {
    assertClose(found[i], expected[name], 3e-6, `${name}:`);
  });
}

for (const [name, convolution] of Object.entries(PLAIN_CASES)) {
  for (const variant of ["lanes", "direct", "tiled", "generic"] as const) {
    Deno.test(`conv2d() by ${variant} kernels is right, and its gradients: ${name}`, () => {
      return check(convolution, variant);
    });
  }
}

for (const [name, convolution] of Object.entries(LANES_CASES)) {
  Deno.test(`conv2d() by lanes kernels is right, and its gradients: ${name}`, () => {
    return check(convolution, "lanes");
  });
}

for (const [name, convolution] of Object.entries(OTHER_CASES)) {
  Deno.test(`conv2d() is right, and its gradients: ${name}`, () => check(convolution));
}

Deno.test("conv2d() gives the same bits again", async () => {
  for (const variant of ["lanes", "direct", "tiled", "generic"] as const) {
    const convolution = PLAIN_CASES["3x3 of odd sizes"];
    assertEquals(await run(convolution, variant), await run(convolution, variant), variant);
  }
});

Deno.test("conv2d() makes no gradients that nobody wants", () => {
  const [x, weight] = [procedural("x", [1, 2, 3, 3]), procedural("w", [2, 2, 3, 3], 1, true)];
  scope(() => conv2d(x, weight).sum().backward());
  assertEquals(x.grad, null);
  assertEquals([...weight.grad!.shape], [2, 2, 3, 3]);
  assertEquals(conv2d(x, weight.detach()).requiresGrad, false);
  for (const each of [x, weight, weight.grad!]) each.dispose();
});

Deno.test("conv2d() leaves no memory behind", () => {
  const before = gpu.account.inUse;
  for (const variant of ["lanes", "direct", "tiled", "generic"] as const) {
    const { x, weight, options } = PLAIN_CASES["3x3 of stride 2"];
    scope(() => {
      const leaves = [procedural("x", x, 1, true), procedural("w", weight, 1, true)];
      conv2d(leaves[0], leaves[1], null, options, variant).sum().backward();
      for (const leaf of leaves) leaf.grad!.dispose();
    });
    assertEquals(gpu.account.inUse, before, variant);
  }
});

Deno.test("conv2d() refuses what does not fit", () => {
  const ones = (...shape: number[]): Tensor =>
    tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);
  const x = ones(2, 3, 5, 5);
  const weight = ones(4, 3, 3, 3);
  const refusals: [() => Tensor, string][] = [
    [() => conv2d(x, ones(4, 2, 3, 3)), "input [2, 3, 5, 5] and weight [4, 2, 3, 3]"],
    [() => conv2d(x, ones(4, 1, 3, 3), null, { groups: 3 }), "3 groups"],
    [() => conv2d(ones(3, 5, 5), weight), "[N, C, H, W]"],
    [() => conv2d(x, ones(4, 3, 3)), "[N, C, H, W]"],
    [() => conv2d(x, ones(4, 3, 6, 3)), "larger than the padded input"],
    [() => conv2d(x, weight, null, { dilation: 3 }), "larger than the padded input"],
    [() => conv2d(x, weight, ones(3)), "bias [3]"],
    [() => conv2d(x, weight, ones(4, 1)), "bias [4, 1]"],
    [() => conv2d(x, weight, null, { stride: 0 }), "stride 0"],
    [() => conv2d(x, weight, null, { padding: -1 }), "padding -1"],
    [() => conv2d(x, weight, null, { padding: [1, 0.5] }), "padding 1,0.5"],
    [() => conv2d(x, weight, null, { groups: 0 }), "groups 0"],
  ];
  for (const [call, message] of refusals) assertThrows(call, RangeError, message);
});

Deno.test("conv2d() refuses a kernel family that does not know the convolution", () => {
  const x = zeros([1, 4, 8, 8]);
  const weight = zeros([4, 4, 3, 3]);
  for (const variant of ["lanes", "direct", "tiled"] as const) {
    assertThrows(() => conv2d(x, weight, null, { dilation: 2 }, variant), RangeError, "generic");
  }
});

Deno.test("tiled kernels go beyond the workgroups of one dimension", async () => {
  const side = 4097; // 65,568 tiles of 256 pixels
  const x = Float32Array.from({ length: side * side }, (_, i) => i % 251);
  const y = scope(() => {
    const [input, weight] = [tensor(x, [1, 1, side, side]), tensor([2], [1, 1, 1, 1])];
    return conv2d(input, weight, null, {}, "tiled");
  });
  const found = await y.data();
  assertEquals(found.findIndex((value, i) => value !== 2 * x[i]), -1);
  y.dispose();
});

Deno.test("chooseWeightGradTile() takes short loops for rows of any length, or none", () => {
  for (const size of [5, 15, 45, 225]) {
    for (const kernel of [1, 3, 5]) {
      const options = { padding: (kernel - 1) / 2 };
      const g = convGeometry([2, 16, size, size], [16, 16, kernel, kernel], options);
      const { tile } = chooseWeightGradTile(g, 8)!;
      assert(tile.TX <= 14, `${tile.TX} columns of ${size}, kernel ${kernel}`);
    }
  }
  const many = convGeometry([2, 16, 9, 9], [16, 16, 5, 5], { padding: 2 });
  assertEquals(chooseWeightGradTile(many, 16), null);
});
