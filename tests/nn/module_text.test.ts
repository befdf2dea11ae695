import { assertEquals } from "@std/assert";
import { ReLU } from "../../src/nn/activations.ts";
import { BatchNorm2d } from "../../src/nn/batch_norm2d.ts";
import { Conv2d } from "../../src/nn/conv2d.ts";
import { ConvTranspose2d } from "../../src/nn/conv_transpose2d.ts";
import { LayerNorm } from "../../src/nn/layer_norm.ts";
import { Linear } from "../../src/nn/linear.ts";
import { AdaptiveAvgPool2d, AvgPool2d, MaxPool2d } from "../../src/nn/pools.ts";
import { Module } from "../../src/nn/module.ts";
import { ModuleList } from "../../src/nn/module_list.ts";
import { Sequential } from "../../src/nn/sequential.ts";
import { Flatten, Identity } from "../../src/nn/flatten.ts";
import { Upsample } from "../../src/nn/upsample.ts";
import { tensor } from "../../src/tensor/create.ts";
import { device } from "../helpers.ts";

await device();

class Net extends Module {
  readonly features = new Sequential(
    new Conv2d(2, 4, { kernelSize: 3, padding: 1, bias: false }),
    new BatchNorm2d(4),
    new ReLU(),
    new MaxPool2d({ kernelSize: 3, stride: 2, padding: 1, ceilMode: true }),
    new Conv2d(4, 8, { kernelSize: [3, 5], stride: [2, 1], dilation: 2, groups: 2 }),
    new ConvTranspose2d(8, 6, {
      ...{ kernelSize: 3, stride: 2, padding: 1, outputPadding: 1, groups: 2 },
    }),
    new AvgPool2d({ kernelSize: 2 }),
    new AdaptiveAvgPool2d(1),
    new Upsample(2),
    new Flatten(),
    new Identity(),
  );
  readonly blocks = new ModuleList([
    new LayerNorm(6),
    new LayerNorm([2, 3], { eps: 1e-3, bias: false }),
  ]);
  readonly fc = new Linear(24, 3);
}

Deno.test("console.log() of a module prints PyTorch's tree, shapes and the number of parameters", () => {
  const net = new Net();
  const text = Deno.inspect(net);
  const theirs = Deno.readTextFileSync(
    new URL("../fixtures/models/module_text.txt", import.meta.url),
  );
  const lines = text.split("\n");
  assertEquals(lines.pop(), "643 parameters");
  assertEquals(lines.map((line) => line.replace(/ {2}# .*/, "")).join("\n") + "\n", theirs);
  assertEquals(
    lines[2],
    "    (0): Conv2d(2, 4, kernel_size=(3, 3), stride=(1, 1), " +
      "padding=(1, 1), bias=False)  # weight [4, 2, 3, 3]",
  );
  net.fc.requiresGrad_(false);
  assertEquals(Deno.inspect(net).split("\n").at(-1), "643 parameters, 75 of them frozen");
  net.dispose();
});

Deno.test("console.log() of a module shows parameters of its own", () => {
  class Scale extends Module {
    readonly by = tensor([1, 2], null, { requiresGrad: true });
    readonly next = new ReLU();
  }
  assertEquals(
    Deno.inspect(new Scale()),
    "Scale(\n  # by [2]\n  (next): ReLU()\n)\n2 parameters",
  );
});

Deno.test("console.log() of a tensor prints its type and shape", () => {
  assertEquals(Deno.inspect(tensor([[1, 2]])), "Tensor(float32 [1, 2])");
});
