import { assert, assertEquals, assertThrows } from "@std/assert";
import { GradScaler, type GradScalerOptions } from "../../src/optim/grad_scaler.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { tensor } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { device, values } from "../helpers.ts";

const gpu = await device();
const ignore = !gpu.half;

const SETTINGS = { lr: 0.1, momentum: 0.9, weightDecay: 0.01, nesterov: true };

/** Two parameters, one of them larger than a block, with an optimiser and a scaler. */
function make(options: GradScalerOptions = {}) {
  const parameters = [[3], [40, 50]].map((shape, i) =>
    tensor(values(`parameter ${i}`, shape), shape, { requiresGrad: true })
  );
  const optimizer = new SGD(parameters, SETTINGS);
  const scaler = new GradScaler(gpu, options);
  return { parameters, optimizer, scaler };
}

type Made = ReturnType<typeof make>;

/** One step on the sum of squares; `factor` makes gradients overflow. */
function step({ parameters, optimizer, scaler }: Made, factor = 1): void {
  optimizer.zeroGrad();
  const loss = parameters.map((p) => p.mul(p).sum()).reduce((a, b) => a.add(b));
  scaler.scale(loss.mul(factor)).backward();
  scaler.step(optimizer);
}

async function state({ parameters, optimizer, scaler }: Made) {
  const tensors = [...parameters, ...optimizer.stateDict().values()];
  const numbers = await Promise.all(tensors.map((each) => each.data()));
  return { numbers, scale: await scaler.scaleFactor.item(), counts: await scaler.counts.data() };
}

function dispose({ parameters, optimizer, scaler }: Made): void {
  optimizer.dispose();
  scaler.dispose();
  for (const parameter of parameters) parameter.dispose();
}

Deno.test({ name: "GradScaler changes nothing about good steps", ignore }, async () => {
  const scaled = make();
  const plain = make();
  for (let i = 0; i < 3; i++) {
    step(scaled);
    plain.optimizer.zeroGrad();
    plain.parameters.map((p: Tensor) => p.mul(p).sum()).reduce((a, b) => a.add(b)).backward();
    plain.optimizer.step();
  }
  const [a, b] = [await state(scaled), await state(plain)];
  assertEquals(a.numbers, b.numbers);
  assertEquals(a.scale, 65536);
  assertEquals(a.counts, Float32Array.of(3, 0, 0));
  dispose(scaled);
  dispose(plain);
});

Deno.test(
  { name: "GradScaler skips steps that overflow, and halves the scale", ignore },
  async () => {
    const made = make();
    step(made);
    const before = await state(made);
    step(made, 1e38);
    step(made, NaN);
    const after = await state(made);
    assertEquals(after.numbers, before.numbers);
    assertEquals(after.scale, 65536 / 4);
    assertEquals(after.counts, Float32Array.of(0, 2, 2));
    step(made);
    const next = await state(made);
    assertEquals(next.counts, Float32Array.of(1, 2, 0));
    assert(next.numbers[0][0] !== before.numbers[0][0]);
    dispose(made);
  },
);

Deno.test(
  { name: "GradScaler skips when the last element of a parameter is bad", ignore },
  async () => {
    const made = make();
    const before = await state(made);
    const [small, large] = made.parameters;
    for (const bad of [Infinity, -Infinity, NaN]) {
      small.grad = tensor([1, 1, 1]).keep();
      large.grad = tensor(new Float32Array(2000).fill(1).with(1999, bad), [40, 50]).keep();
      made.scaler.step(made.optimizer);
      made.optimizer.zeroGrad();
    }
    const after = await state(made);
    assertEquals(after.numbers, before.numbers);
    assertEquals(after.counts, Float32Array.of(0, 3, 3));
    dispose(made);
  },
);

Deno.test(
  { name: "GradScaler grows the scale after enough good steps, to a bound", ignore },
  async () => {
    const made = make({ initScale: 2 ** 4, growthInterval: 2 });
    for (let i = 0; i < 5; i++) step(made);
    assertEquals((await state(made)).scale, 64);
    made.scaler.loadStateDict(
      new Map([
        ["scale", { data: Float32Array.of(2 ** 126) }],
        ["counts", { data: Float32Array.of(1, 7, 0) }],
      ]),
    );
    step(made, 1e-37);
    const { scale, counts } = await state(made);
    assertEquals(scale, 2 ** 126);
    assertEquals(counts, Float32Array.of(0, 7, 0));
    dispose(made);
  },
);

Deno.test(
  { name: "GradScaler.step() uses gathered gradients as they were changed", ignore },
  async () => {
    const [changed, twice] = [make(), make()];
    const [{ optimizer }] = [changed];
    const gradients = (made: Made) => {
      made.optimizer.zeroGrad();
      const loss = made.parameters.map((p) => p.mul(p).sum()).reduce((a, b) => a.add(b));
      return made.scaler.scale(loss);
    };
    gradients(changed).backward();
    for (const gathered of optimizer.gatherGradients()) gathered.add_(gathered);
    changed.scaler.step(optimizer);
    gradients(twice).mul(2).backward();
    twice.scaler.step(twice.optimizer);
    assertEquals(await state(changed), await state(twice));
    dispose(changed);
    dispose(twice);
  },
);

Deno.test({ name: "GradScaler works in a recording", ignore }, async () => {
  const made = make({ growthInterval: 3 });
  const recording = await gpu.record(() => step(made));
  for (let i = 0; i < 5; i++) recording.replay();
  const recorded = await state(made);
  const again = make({ growthInterval: 3 });
  for (let i = 0; i < 6; i++) step(again);
  assertEquals(await state(again), recorded);
  assertEquals(recorded.scale, 4 * 65536);
  recording.dispose();
  dispose(made);
  dispose(again);
});

Deno.test({ name: "GradScaler refuses senseless settings and foreign state", ignore }, () => {
  const refusals: [GradScalerOptions, string][] = [
    [{ initScale: 0 }, "first scale of 0"],
    [{ growthFactor: 1 }, "growth 1"],
    [{ backoffFactor: 1 }, "backoff 1"],
    [{ growthInterval: 0.5 }, "growth interval of 0.5"],
  ];
  for (const [options, message] of refusals) {
    assertThrows(() => new GradScaler(gpu, options), RangeError, message);
  }
  const scaler = new GradScaler(gpu);
  const foreign = new Map([["scale", { data: new Float32Array(1) }]]);
  assertThrows(() => scaler.loadStateDict(foreign), RangeError, "counts has 0 numbers, 3 wanted");
  scaler.dispose();
});
