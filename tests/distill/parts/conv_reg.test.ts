import { assert, assertEquals, assertThrows } from "@std/assert";
import { ConvReg, ConvRegBottleneck } from "../../../src/distill/parts/conv_reg.ts";
import { UserError } from "../../../src/errors.ts";
import type { Module } from "../../../src/nn/module.ts";
import { noGrad } from "../../../src/tensor/autograd.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { device, procedural } from "../../helpers.ts";

await device();

const BATCH_NORM = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"];

/** Names of the state with the shapes of the weights of two or more dimensions. */
function stateOf(module: Module): string[] {
  return [...module.stateDict()].map(([name, { shape }]) =>
    shape.length > 1 ? `${name} [${shape.join(", ")}]` : name
  );
}

async function assertProjects(
  projector: Module & { forward(x: Tensor): Tensor },
  student: Shape,
  teacher: Shape,
): Promise<void> {
  const y = noGrad(() => projector.forward(procedural("x", student)));
  assertEquals([...y.shape], [...teacher]);
  const data = await y.data();
  assert(data.every((value) => value >= 0) && data.some((value) => value > 0));
  y.dispose();
  projector.dispose();
}

const CASES: [string, Shape, Shape, string][] = [
  ["1 x 1 for maps of one size", [2, 4, 3, 5], [2, 6, 3, 5], "[6, 4, 1, 1]"],
  ["transposed 4 x 4 for a map of half the size", [2, 4, 3, 5], [2, 6, 6, 10], "[4, 6, 4, 4]"],
  ["3 x 3 of stride 2 for a map of twice the size", [2, 4, 6, 10], [2, 6, 3, 5], "[6, 4, 3, 3]"],
  ["unpadded for a larger map", [2, 4, 5, 7], [2, 6, 3, 6], "[6, 4, 3, 2]"],
];

for (const [name, student, teacher, weight] of CASES) {
  Deno.test(`ConvReg is a convolution ${name}, named as mdistiller's`, async () => {
    const projector = new ConvReg(student, teacher);
    assertEquals(stateOf(projector), [
      `conv.weight ${weight}`,
      "conv.bias",
      ...BATCH_NORM.map((each) => `bn.${each}`),
    ]);
    await assertProjects(projector, student, teacher);
  });
}

Deno.test("ConvReg refuses maps that it cannot enlarge", () => {
  for (const size of [[5, 5], [3, 6], [6, 12]]) {
    assertThrows(
      () => new ConvReg([1, 4, 3, 4], [1, 6, ...size]),
      UserError,
      `[1, 4, 3, 4] to the teacher's [1, 6, ${size.join(", ")}]`,
    );
  }
});

Deno.test("ConvRegBottleneck goes through 256 channels, named as the authors'", async () => {
  const projector = new ConvRegBottleneck([1, 4, 3, 5], [1, 6, 3, 5]);
  assertEquals(stateOf(projector), [
    "conv1.weight [256, 4, 1, 1]",
    "conv1.bias",
    "conv2.weight [256, 256, 3, 3]",
    "conv2.bias",
    "conv3.weight [6, 256, 1, 1]",
    "conv3.bias",
    ...BATCH_NORM.map((each) => `bn.${each}`),
  ]);
  await assertProjects(projector, [1, 4, 3, 5], [1, 6, 3, 5]);
});

Deno.test("ConvRegBottleneck refuses maps of two sizes", () => {
  assertThrows(
    () => new ConvRegBottleneck([1, 4, 3, 5], [1, 6, 3, 4]),
    UserError,
    "[1, 4, 3, 5] and [1, 6, 3, 4]; use WKD.PROJECTOR conv1x1",
  );
});
