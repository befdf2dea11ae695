import { assert, assertEquals } from "@std/assert";
import { openDevice } from "../../src/gpu/adapter.ts";
import { Gpu } from "../../src/gpu/gpu.ts";
import { Kernel, NO_SUBGROUPS } from "../../src/gpu/kernel.ts";
import { INT64, requestDevice } from "../../src/gpu/subgroups.ts";
import { conv2d } from "../../src/ops/conv/conv2d.ts";
import { batchNorm } from "../../src/ops/norm/batch_norm.ts";
import { crossEntropy } from "../../src/ops/softmax/cross_entropy.ts";
import { dkdDivergence } from "../../src/ops/losses/dkd_divergence.ts";
import { gaussianWasserstein } from "../../src/ops/losses/gaussian_wasserstein.ts";
import { kdDivergence } from "../../src/ops/losses/row_divergence.ts";
import { memoryUpdate } from "../../src/ops/losses/memory_update.ts";
import { wkdCombine } from "../../src/ops/losses/wkd_combine.ts";
import { softmaxRows } from "../../src/ops/softmax/softmax_rows.ts";
import { topKCorrect } from "../../src/ops/reduce/top_k_correct.ts";
import { wkdMarginals } from "../../src/ops/losses/wkd_marginals.ts";
import { CostKernel } from "../../src/ops/sinkhorn/cost_kernel.ts";
import { sinkhorn } from "../../src/ops/sinkhorn/sinkhorn.ts";
import { clipGradNorm } from "../../src/optim/clip_grad_norm.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { ones, tensor, zeros } from "../../src/tensor/create.ts";
import { setDefaultDevice } from "../../src/tensor/default_device.ts";
import type { Shape } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { assertClose, device, labels, values } from "../helpers.ts";

const gpu = await device();
const own = await openDevice();
const { device: shared, info, subgroups } = own;
const ignore = subgroups.size === 1;

Deno.test("openDevice() uses subgroups where the adapter has them and nobody refuses them", async () => {
  const without = await openDevice({ subgroups: false });
  assertEquals(without.subgroups, NO_SUBGROUPS);
  without.device.destroy();
  const { subgroupMinSize } = info as { subgroupMinSize?: number };
  // Deno's compiler refuses the line that enables them.
  if (!ignore) assertEquals(subgroups, { size: subgroupMinSize!, enable: false });
});

Deno.test("requestDevice() goes on without subgroups where they are refused or too small", async () => {
  const asked: string[][] = [];
  const adapter = (refuse: boolean, subgroupMinSize: number) => ({
    info: { subgroupMinSize },
    async requestDevice(descriptor: GPUDeviceDescriptor) {
      const features = [...descriptor.requiredFeatures ?? []];
      asked.push(features);
      if (refuse && features.includes("subgroups" as GPUFeatureName)) throw new TypeError("no");
      const adapter = await navigator.gpu.requestAdapter();
      return await adapter!.requestDevice(descriptor);
    },
  } as unknown as GPUAdapter);
  const features = { requiredFeatures: ["shader-f16" as const] };
  const refused = await requestDevice(adapter(true, 32), features, true, true);
  assertEquals(refused.subgroups, NO_SUBGROUPS);
  const unwanted = await requestDevice(adapter(false, 32), features, false, true);
  assertEquals(unwanted.subgroups, NO_SUBGROUPS);
  const both = ["shader-f16", "subgroups"];
  assertEquals(asked, [[...both, INT64], both, ["shader-f16"], ["shader-f16"]]);
  asked.length = 0;
  const card = await requestDevice(adapter(true, 32), features, true, false);
  assertEquals(asked, [both, ["shader-f16"]]);
  const devices = [refused.device, unwanted.device, card.device];
  if (!ignore && subgroups.size < 64) {
    // Threads that are told to share a subgroup but do not are found out.
    const wrong = await requestDevice(adapter(false, 64), features, true, false);
    assertEquals(wrong.subgroups, NO_SUBGROUPS);
    devices.push(wrong.device);
  }
  devices.forEach((device) => device.destroy());
});

Deno.test("Kernel enables subgroups for compilers that want it, in kernels that use them", () => {
  const source = "fn f(x: u32) -> u32 {\n//: if SUBGROUP > 1\nreturn subgroupShuffleXor(x, 1u);\n" +
    "//: else\nreturn x;\n//: end\n}";
  const head = (size: number, enable: boolean, text = source) =>
    new Kernel("k", text).reflect({}, "", { size, enable }).source.split("\n")[0];
  assertEquals(head(32, true), "enable subgroups;");
  for (const [size, enable] of [[32, false], [1, true]] as const) {
    assertEquals(head(size, enable), "fn f(x: u32) -> u32 {");
  }
  assertEquals(head(32, true, "fn main() {}"), "fn main() {}");
  const { origins } = new Kernel("k", source).reflect({}, "", { size: 32, enable: true });
  assertEquals(origins.map((origin) => origin?.line ?? null), [null, 1, 3, 7]);
});

/** Kernels of hardware adapters, with and without subgroups, on the one device there is. */
const hardware = [subgroups, NO_SUBGROUPS].map((how) =>
  new Gpu(shared, info, false, Infinity, how)
);

const pair = (shape: Shape) => [
  tensor(values("x", shape, 3), shape, { requiresGrad: true }),
  tensor(values("t", shape, 3), shape),
];

const OPS: Readonly<Record<string, () => Tensor[]>> = {
  "softmax()": () =>
    [70, 300].map((classes) => softmaxRows(pair([5, classes])[0], 1, false, "tree")),
  "sum(), max() and var()": () => {
    const [x] = pair([5, 300]);
    return [x.sum({ dims: [1] }), x.max({ dims: [1] }), x.var({ dims: [1] })];
  },
  "crossEntropy()": () => [crossEntropy(pair([9, 40])[0], tensor(labels("l", 9, 40)), {}, 64)],
  "topKCorrect()": () => [topKCorrect(pair([90, 40])[0], tensor(labels("l", 90, 40)), [1, 5], 64)],
  "kdDivergence()": () => [kdDivergence(...pair([9, 70]) as [Tensor, Tensor], 4)],
  "dkdDivergence()": () => {
    const [x, t] = pair([9, 70]);
    const options = { alpha: 1, beta: 2, temperature: 4 };
    return [dkdDivergence(x, t, tensor(labels("l", 9, 70)), options)];
  },
  "wkdMarginals()": () => {
    const [x, t] = pair([9, 70]);
    const { p, q, term } = wkdMarginals(x, t, tensor(labels("l", 9, 70)), 2);
    return [p, q, term!];
  },
  "gaussianWasserstein()": () => {
    const [x, t] = pair([2, 3, 12, 12]);
    return [1, 3].flatMap((grid) => Object.values(gaussianWasserstein(x, t, { grid })));
  },
  "batchNorm()": () => {
    const [x] = pair([4, 3, 9, 9]);
    const parameters = { weight: ones([3]), bias: zeros([3]) };
    const running = { runningMean: zeros([3]), runningVar: ones([3]) };
    return [batchNorm(x, { ...parameters, ...running }, { training: true, tree: true })];
  },
  "sinkhorn()": () => {
    const cost = new CostKernel(values("cost", [40, 40], 0.5).map(Math.abs), 40);
    const [p, q] = ["x", "t"].map((name) =>
      tensor(values(name, [9, 40]).map(Math.abs), [9, 40], { requiresGrad: name === "x" })
    );
    return (["group", "product"] as const).map((method) =>
      sinkhorn(p, q, cost, { method, iterations: 3 })
    );
  },
  "wkdCombine()": () => {
    const [term, distance] = pair([90]);
    return [wkdCombine(term.detach(), distance, 2)];
  },
  "clipGradNorm()": () => {
    const [x, gradient] = pair([1500]);
    const optimizer = new SGD([x], { lr: 0.1 });
    x.mul(gradient).sum().backward();
    return [clipGradNorm(optimizer, 0.5), clipGradNorm(optimizer, 0.5, tensor([4]))];
  },
  "memoryUpdate()": () => {
    const [memory, v] = [pair([8, 70])[1], tensor(values("v", [3, 70]), [3, 70])];
    memoryUpdate(memory, tensor(Int32Array.of(1, 5, 2)), v, 0.5);
    return [memory];
  },
};

for (const [name, op] of Object.entries(OPS)) {
  Deno.test(
    { name: `${name} on hardware has the same bits with and without subgroups`, ignore },
    async () => {
      const found = [];
      for (const each of hardware) {
        setDefaultDevice(each);
        try {
          const outputs = op();
          const bits = await Promise.all(outputs.map((y) => y.data()));
          assert(bits.every((numbers) => numbers.length > 0 && numbers.every(Number.isFinite)));
          const [first] = outputs;
          if (first.requiresGrad) {
            const leaf = first.node!.inputs[0];
            first.backward({ gradient: tensor(values("dy", first.shape), first.shape) });
            bits.push(await leaf.grad!.data());
          }
          found.push(bits);
        } finally {
          setDefaultDevice(gpu);
        }
      }
      assertEquals(found[0], found[1]);
    },
  );
}

/** What software adapters compute by 64-bit integers, and its gradients; channels and rows of all kinds. */
function wideOutputs(): Tensor[] {
  const leaf = (...shape: number[]) => tensor(values("x", shape), shape, { requiresGrad: true });
  const normalised = (x: Tensor, channels: number) =>
    batchNorm(x, {
      ...{ weight: ones([channels]), bias: zeros([channels]) },
      ...{ runningMean: zeros([channels]), runningVar: ones([channels]) },
    }, { training: true, relu: true });
  const [x, weight, own] = [leaf(2, 8, 7, 7), leaf(8, 8, 3, 3), leaf(8, 1, 3, 3)];
  const [even, right] = [leaf(2, 4, 8, 8), leaf(32, 24)];
  const y = conv2d(x, weight, null, { padding: 1 }, "lanes");
  const depthwise = conv2d(x, own, null, { groups: 8, padding: 1 }, "lanes");
  const odd = normalised(y, 8);
  const whole = normalised(even, 4);
  const product = even.reshape(16, 32).matmul(right);
  const terms = [odd, depthwise, whole, product].map((each) => each.mul(each).sum());
  terms.reduce((sum, term) => sum.add(term)).backward();
  const gradients = [x, weight, own, even, right].map((each) => each.grad!);
  return [y, depthwise, odd, whole, product, ...gradients];
}

Deno.test(
  {
    name: "software adapters compute the same with and without 64-bit integers",
    ignore: ignore || !gpu.software,
  },
  async () => {
    const adapter = await navigator.gpu.requestAdapter();
    const { device } = await requestDevice(adapter!, {}, true, false);
    const plain = new Gpu(device, info, true, Infinity, subgroups);
    assert(gpu.int64 && !plain.int64);
    const [wide, narrow] = await Promise.all([gpu, plain].map((each) => {
      setDefaultDevice(each);
      try {
        return Promise.all(wideOutputs().map((y) => y.data()));
      } finally {
        setDefaultDevice(gpu);
      }
    }));
    wide.forEach((numbers, i) => assertClose(numbers, narrow[i], 1e-5, `output ${i}:`));
    device.destroy();
  },
);
