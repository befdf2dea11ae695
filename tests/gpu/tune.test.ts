import { assert, assertEquals, AssertionError, assertNotEquals, assertRejects } from "@std/assert";
import type { Gpu } from "../../src/gpu/gpu.ts";
import { Gpu as OpenGpu } from "../../src/gpu/gpu.ts";
import { Kernel } from "../../src/gpu/kernel.ts";
import { type Clock, tune } from "../../src/gpu/tune.ts";
import type { TuningStore } from "../../src/gpu/tuning.ts";
import { conv2d } from "../../src/ops/conv/conv2d.ts";
import { matmul } from "../../src/ops/matmul/matmul.ts";
import { scratchLike, tuned } from "../../src/ops/tuned.ts";
import { tensor, zeros } from "../../src/tensor/create.ts";
import { setDefaultDevice } from "../../src/tensor/default_device.ts";
import { scope } from "../../src/tensor/scope.ts";
import { assertClose, device, values } from "../helpers.ts";

const { device: shared, info } = await device();
const own = await device();

/** A device with the kernels of hardware, which compile soon. */
function hardware(): Gpu {
  const gpu = new OpenGpu(shared, info, false);
  gpu.compilesSlowly = true;
  return gpu;
}

function store(
  initial: Record<string, string> = {},
): TuningStore & { choices: Map<string, string> } {
  const choices = new Map(Object.entries(initial));
  return {
    choices,
    load: () => new Map(choices),
    add: (more) => more.forEach((name, key) => choices.set(key, name)),
  };
}

/** Every variant takes as long as its place says, and the last is the fastest. */
const lastWins: Clock = (_gpu, lists, repeats) =>
  Promise.resolve(repeats.map((n, i) => n * 1e6 * (10 - i / lists.length)));

const SHAPES = { x: [2, 8, 8, 8], w: [8, 8, 3, 3], depthwise: [8, 1, 3, 3] } as const;

/** Forward and both gradients of a convolution, of one by channel, and of a product, as `tune()` and `record()` take them. */
function work(gpu: Gpu) {
  const inputs = Object.entries(SHAPES).map(([name, shape]) =>
    tensor(values(name, shape), shape, { device: gpu, requiresGrad: true })
  );
  const [x, w, depthwise] = inputs;
  return {
    inputs,
    run: () =>
      scope(() => {
        for (const each of inputs) each.grad = null;
        const y = conv2d(x, w, null, { padding: 1 }, "tiled");
        const z = conv2d(y, depthwise, null, { padding: 1, groups: 8 }, "tiled");
        matmul(z.reshape(16, 64), z.reshape(16, 64), { transposeB: true }).sum().backward();
        for (const each of inputs) each.grad!.keep();
      }),
  };
}

async function gradients(gpu: Gpu, clock?: Clock): Promise<Float32Array[]> {
  setDefaultDevice(gpu);
  try {
    const { inputs, run } = work(gpu);
    await tune(gpu, run, clock);
    const recording = await gpu.record(run);
    const found = await Promise.all(
      inputs.map((each) => each.grad!.data() as Promise<Float32Array>),
    );
    recording.dispose();
    return found;
  } finally {
    setDefaultDevice(own);
  }
}

Deno.test("tune() has each shape's fastest variant run, the same wherever the choices are known", async () => {
  const standard = await gradients(hardware());
  const [gpu, kept] = [hardware(), store()];
  gpu.tuning.turnOn(kept);
  const chosen = await gradients(gpu, lastWins);
  // What they were timed on is freed.
  assertEquals(gpu.account.allocated, gpu.account.inUse + gpu.pool.idle);
  const kernels = [...kept.choices.keys()].map((key) => key.split(" ")[0]);
  assertEquals(kernels.toSorted(), [
    ...["conv2d_depthwise", "conv2d_depthwise", "conv2d_depthwise_weight_grad"],
    ...["conv2d_tiled", "conv2d_tiled", "conv2d_tiled_weight_grad"],
    ...["matmul_tiled", "matmul_tiled", "matmul_tiled"],
  ]);
  chosen.forEach((each, i) => assertClose(each, standard[i], 1e-5));
  assertNotEquals(chosen, standard);

  // A process that finds the choices measures nothing, and comes to the same bits.
  const again = hardware();
  again.tuning.turnOn(store(Object.fromEntries(kept.choices)));
  assertEquals(await gradients(again, () => Promise.reject(new Error("measured"))), chosen);

  // So does a run that goes on with another's, whatever is kept by now; without them it runs what it was begun with.
  const resumed = hardware();
  resumed.tuning.resumeRun(gpu.tuning.saved);
  assertEquals(await gradients(resumed), chosen);
  assertEquals(JSON.parse(resumed.tuning.saved!), JSON.parse(gpu.tuning.saved!));
  resumed.tuning.turnOn(kept);
  resumed.tuning.resumeRun(undefined);
  assertEquals(resumed.tuning.saved, undefined);
  assertEquals(await gradients(resumed), standard);
  resumed.tuning.endRun();
  assertEquals(await gradients(resumed), chosen);
  const { choices } = JSON.parse(gpu.tuning.saved!);
  resumed.tuning.turnOff();
  for (const foreign of [JSON.stringify({ adapter: "another", choices }), "{damaged"]) {
    resumed.tuning.resumeRun(foreign);
    assertEquals(await gradients(resumed), standard);
  }
});

const copyKernel = new Kernel(
  "copy",
  "@group(0) @binding(0) var<storage, read> x: array<f32>;\n" +
    "@group(0) @binding(1) var<storage, read_write> y: array<f32>;\n" +
    "@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {\n" +
    "  y[id.x] = x[id.x]${WRONG};\n}",
);

/** Chooses among variants of a kernel by name; `wrong` ones do not compile. */
function choose(gpu: Gpu, names: readonly string[], wrong: readonly string[] = []): string {
  const x = zeros([64], { device: gpu });
  return tuned(gpu, names[0], () => ({
    kernel: copyKernel,
    shape: [names.join()],
    variants: names,
    nameOf: (name) => name,
    run: (name) => {
      gpu.dispatch(copyKernel, {
        bindings: { x: scratchLike(x), y: scratchLike(x) },
        values: { WRONG: wrong.includes(name) ? ` + ${name}` : "" },
        workgroups: [1],
      });
    },
  }));
}

async function chosen(clock: Clock, names: readonly string[], wrong?: readonly string[]) {
  const [gpu, kept] = [hardware(), store()];
  gpu.tuning.turnOn(kept);
  await tune(gpu, () => void choose(gpu, names, wrong), clock);
  return { name: choose(gpu, names, wrong), kept: [...kept.choices.values()] };
}

Deno.test("tune() takes the default where the clock tells nothing, and what is clearly faster otherwise", async () => {
  const of = (...nanoseconds: number[]): Clock => (_gpu, _lists, repeats) =>
    Promise.resolve(repeats.map((n, i) => n * (nanoseconds[i] ?? NaN)));
  const nothing = { name: "a", kept: [] };
  assertEquals(await chosen(of(NaN, 1e6), ["a", "b"]), nothing);
  assertEquals(await chosen(of(0, 0), ["a", "b"]), nothing);
  assertEquals(await chosen(of(-5, 1e6), ["a", "b"]), nothing);
  assertEquals(await chosen(of(1e6, NaN), ["a", "b"]), { name: "a", kept: ["a"] });
  assertEquals(await chosen(of(1e6, 0.98e6), ["a", "b"]), { name: "a", kept: ["a"] });
  assertEquals(await chosen(of(1e6, 0.9e6, 0.95e6), ["a", "b", "c"]), { name: "b", kept: ["b"] });
  // A variant that takes longer than the time there is has been timed once.
  assertEquals(await chosen(of(9e7, 8e7), ["a", "b"]), { name: "b", kept: ["b"] });
});

Deno.test("tune() repeats what a clock with large steps does not see, and times each variant for little", async () => {
  let spent = 0;
  const coarse: Clock = (_gpu, _lists, repeats) => {
    const times = repeats.map((n, i) => n * (i === 0 ? 3000 : 2500));
    spent += times[0];
    return Promise.resolve(times.map((time) => Math.floor(time / 1e5) * 1e5));
  };
  assertEquals(await chosen(coarse, ["a", "b"]), { name: "b", kept: ["b"] });
  assert(spent < 50e6, `${spent}`);
});

Deno.test("tune() leaves out variants that do not compile, and more than eight", async () => {
  const fastLast: Clock = (_gpu, lists, repeats) =>
    Promise.resolve(repeats.map((n, i) => n * 1e6 * (lists.length - i)));
  assertEquals(await chosen(fastLast, ["a", "b", "c"], ["c"]), { name: "b", kept: ["b"] });
  assertEquals(await chosen(fastLast, ["a", "b"], ["a"]), { name: "a", kept: [] });
  assertEquals(await chosen(fastLast, [..."abcdefghij"]), { name: "h", kept: ["h"] });
});

Deno.test("tune() times nothing without room or timestamps, and by the device's own clock else", async () => {
  const gpu = hardware();
  gpu.tuning.turnOn();
  await tune(gpu, () => {
    assertEquals(choose(gpu, ["a", "b"]), "a");
    gpu.account.limit = gpu.account.allocated + 4096;
  });
  gpu.account.limit = Infinity;
  assertEquals(JSON.parse(gpu.tuning.saved!).choices, {});
  await tune(gpu, () => void choose(gpu, ["a", "b"]));
  const name = choose(gpu, ["a", "b"]);
  assertEquals(Object.values(JSON.parse(gpu.tuning.saved!).choices), [name]);
  await assertRejects(
    () => tune(gpu, () => assertEquals(choose(gpu, ["c", "d"]), "d")),
    AssertionError,
  );
  gpu.tuning.turnOff();
  assertEquals(choose(gpu, ["a", "b"]), "a");

  const features = new Set();
  const blind = new OpenGpu(
    new Proxy(shared, {
      get(target, name) {
        const value = name === "features" ? features : Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    }),
    info,
    false,
  );
  blind.tuning.turnOn();
  await tune(blind, () => void choose(blind, ["a", "b"]), lastWins);
  assertEquals([blind.tuning.measures, choose(blind, ["a", "b"])], [false, "a"]);
});
