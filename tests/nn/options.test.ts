import { assertEquals, assertThrows } from "@std/assert";
import { openDevice } from "../../src/gpu/adapter.ts";
import { kdLoss } from "../../src/losses/kd.ts";
import { wkdLogitLoss } from "../../src/losses/wkd_logit.ts";
import { BatchNorm2d } from "../../src/nn/batch_norm2d.ts";
import { Conv2d } from "../../src/nn/conv2d.ts";
import { ConvTranspose2d } from "../../src/nn/conv_transpose2d.ts";
import { LayerNorm } from "../../src/nn/layer_norm.ts";
import { Linear } from "../../src/nn/linear.ts";
import { AvgPool2d, MaxPool2d } from "../../src/nn/pools.ts";
import { conv2d } from "../../src/ops/conv/conv2d.ts";
import { maxPool2d } from "../../src/ops/pool/max_pool2d.ts";
import { topk } from "../../src/ops/reduce/topk.ts";
import { CostKernel } from "../../src/ops/sinkhorn/cost_kernel.ts";
import { randn, tensor } from "../../src/tensor/create.ts";
import { Generator } from "../../src/tensor/random.ts";
import { device, procedural } from "../helpers.ts";

const gpu = await device();

Deno.test("every option that does not exist is an error that names those that do", () => {
  const x = procedural("x", [1, 2, 4, 4]);
  const rows = procedural("x", [2, 3]);
  const cost = new CostKernel(new Float32Array(9), 3);
  // deno-lint-ignore no-explicit-any
  const wrong: any = { kernelSize: 3, dilatoin: 2 };
  // deno-lint-ignore no-explicit-any
  const other: any = { dilatoin: 2 };
  const uses: [string, () => unknown][] = [
    ["maxPool2d()", () => maxPool2d(x, wrong)],
    ["MaxPool2d()", () => new MaxPool2d(wrong)],
    ["AvgPool2d()", () => new AvgPool2d(wrong)],
    ["Conv2d()", () => new Conv2d(2, 2, wrong)],
    ["ConvTranspose2d()", () => new ConvTranspose2d(2, 2, wrong)],
    ["conv2d()", () => conv2d(x, procedural("w", [2, 2, 3, 3]), null, other)],
    ["Linear()", () => new Linear(2, 2, other)],
    ["BatchNorm2d()", () => new BatchNorm2d(2, other)],
    ["LayerNorm()", () => new LayerNorm(2, other)],
    ["sum()", () => rows.sum(other)],
    ["mean()", () => rows.mean(other)],
    ["max()", () => rows.max(other)],
    ["min()", () => rows.min(other)],
    ["variance()", () => rows.var(other)],
    ["norm()", () => rows.norm(other)],
    ["topk()", () => topk(rows, 1, other)],
    ["matmul()", () => rows.matmul(rows, other)],
    ["tensor()", () => tensor([1], null, other)],
    ["tensor()", () => randn([1], new Generator(1), other)],
    ["kdLoss()", () => kdLoss(rows, rows, other)],
    ["wkdLogitLoss()", () => wkdLogitLoss(rows, rows, cost, other)],
    ["CostKernel()", () => new CostKernel(new Float32Array(9), 3, other)],
  ];
  for (const [name, use] of uses) {
    const { message } = assertThrows(use, TypeError, `${name} has no option dilatoin; it has `);
    assertEquals(/it has \w+/.test(message), true, message);
  }
});

Deno.test("pooling knows no dilation, and says so", () => {
  const options = { kernelSize: 2, dilation: 2 };
  assertThrows(() => new MaxPool2d(options), TypeError, "MaxPool2d() has no option dilation");
});

Deno.test("layers refuse sizes that are none", () => {
  assertThrows(() => new Linear(0, 2), RangeError, "Linear() with inFeatures 0: a whole number");
  assertThrows(() => new Conv2d(2, -1, { kernelSize: 3 }), RangeError, "outChannels -1");
  assertThrows(() => new Conv2d(2, 3, { kernelSize: 3, groups: 2 }), RangeError, "in 2 groups");
  assertThrows(() => new BatchNorm2d(1.5), RangeError, "channels 1.5");
});

Deno.test("layers are made on the device they are told", async () => {
  const other = await openDevice({ device: gpu.software ? "software" : "hardware" });
  const layers = [
    new Linear(2, 3, { device: other }),
    new Conv2d(2, 3, { kernelSize: 1, device: other }),
    new ConvTranspose2d(2, 3, { kernelSize: 1, device: other }),
    new BatchNorm2d(2, { device: other }),
    new LayerNorm(2, { device: other }),
  ];
  for (const layer of layers) {
    for (const [name, { gpu: on }] of layer.stateDict()) {
      assertEquals(on === other, true, `${layer.constructor.name}.${name}`);
    }
  }
  const y = (layers[0] as Linear).forward(tensor([[1, 2]], null, { device: other }));
  assertEquals((await y.data()).length, 3);
  other.destroy();
});
