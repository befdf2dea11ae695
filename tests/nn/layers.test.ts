import { assert, assertEquals } from "@std/assert";
import { ReLU } from "../../src/nn/activations.ts";
import { Conv2d } from "../../src/nn/conv2d.ts";
import { ConvTranspose2d } from "../../src/nn/conv_transpose2d.ts";
import { Dropout } from "../../src/nn/dropout.ts";
import { Flatten, Identity } from "../../src/nn/flatten.ts";
import { Linear } from "../../src/nn/linear.ts";
import { AdaptiveAvgPool2d, AvgPool2d, MaxPool2d } from "../../src/nn/pools.ts";
import { type Layer, Sequential } from "../../src/nn/sequential.ts";
import { Upsample } from "../../src/nn/upsample.ts";
import { tensor } from "../../src/tensor/create.ts";
import { assertClose, device, values } from "../helpers.ts";

await device();

const SHAPE = [2, 4, 6, 6];
const x = tensor(values("x", SHAPE), SHAPE);

const SHAPES: [string, () => Layer, number[], string[]][] = [
  ["Conv2d", () => new Conv2d(4, 5, { kernelSize: 3, stride: 2, padding: 1 }), [2, 5, 3, 3], [
    "weight [5, 4, 3, 3]",
    "bias [5]",
  ]],
  ["Conv2d with groups", () => new Conv2d(4, 8, { kernelSize: [1, 3], groups: 4, bias: false }), [
    2,
    8,
    6,
    4,
  ], ["weight [8, 1, 1, 3]"]],
  ["ConvTranspose2d", () => new ConvTranspose2d(4, 3, { kernelSize: 4, stride: 2, padding: 1 }), [
    2,
    3,
    12,
    12,
  ], ["weight [4, 3, 4, 4]", "bias [3]"]],
  ["MaxPool2d", () => new MaxPool2d({ kernelSize: 3, stride: 2, padding: 1 }), [2, 4, 3, 3], []],
  ["AvgPool2d", () => new AvgPool2d({ kernelSize: 2 }), [2, 4, 3, 3], []],
  ["AdaptiveAvgPool2d", () => new AdaptiveAvgPool2d([1, 2]), [2, 4, 1, 2], []],
  ["Upsample", () => new Upsample(2), [2, 4, 12, 12], []],
  ["Flatten", () => new Flatten(), [2, 144], []],
  ["Identity", () => new Identity(), SHAPE, []],
  ["ReLU", () => new ReLU(), SHAPE, []],
  [
    "Sequential",
    () => new Sequential<Layer>(new Flatten(), new Linear(144, 7, { bias: false })),
    [2, 7],
    ["1.weight [7, 144]"],
  ],
];

for (const [name, make, output, parameters] of SHAPES) {
  Deno.test(`${name} has PyTorch's parameters and output shape`, async () => {
    const layer = make();
    const y = layer.forward(x);
    assertEquals([...y.shape], output);
    assertEquals(
      [...layer.stateDict()].map(([key, { shape }]) => `${key} [${shape.join(", ")}]`),
      parameters,
    );
    assert((await y.data()).every(Number.isFinite));
    layer.dispose();
  });
}

Deno.test("Sequential runs its layers in order", async () => {
  const first = new Linear(6, 3);
  const chain = new Sequential<Layer>(first, new ReLU());
  const expected = (await first.forward(x).data()).map((value) => Math.max(value, 0));
  assertClose(await chain.forward(x).data(), expected, 0);
  assertEquals(chain.layers.length, 2);
  chain.dispose();
});

Deno.test("Dropout follows the seed on the device, and passes everything on in eval mode", async () => {
  const seed = tensor(Uint32Array.of(5));
  const layer = new Dropout(0.5, seed);
  const [a, b] = [await layer.forward(x).data(), await layer.forward(x).data()];
  assertEquals(a, b);
  seed.copy_(Uint32Array.of(6));
  const c = await layer.forward(x).data();
  assert(c.some((value, i) => value !== a[i]));
  assert(a.some((value) => value === 0));
  assertEquals(await layer.eval().forward(x).data(), await x.data());
  assertEquals([...layer.stateDict().keys()], []);
  seed.dispose();
});
