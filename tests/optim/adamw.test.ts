import { assertEquals, assertThrows } from "@std/assert";
import { AdamW, type AdamWOptions } from "../../src/optim/adamw.ts";
import { GradScaler } from "../../src/optim/grad_scaler.ts";
import type { ParameterGroup } from "../../src/optim/optimizer.ts";
import { endStep } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { assertClose, device, values } from "../helpers.ts";
import { every, parameters, REFERENCE, setGradients, SHAPES, STEPS } from "./reference.ts";

const gpu = await device();

const CASES: Record<string, (owned: readonly Tensor[]) => AdamW> = {
  "defaults": (owned) => new AdamW(owned, { lr: 1e-3 }),
  "groups": (owned) => {
    const groups: ParameterGroup<AdamWOptions>[] = [
      { params: owned.slice(0, 2), weightDecay: 0 },
      { params: owned.slice(2, 4), lr: 2e-2, eps: 1e-3 },
      { params: owned.slice(4), betas: [0.8, 0.99] },
    ];
    return new AdamW(groups, { lr: 1e-2, weightDecay: 0.1 });
  },
  "large eps": (owned) => new AdamW(owned, { lr: 1e-2, betas: [0, 0.9], eps: 0.1, weightDecay: 0 }),
};

for (const [name, make] of Object.entries(CASES)) {
  Deno.test(`AdamW follows torch's over ${STEPS} steps: ${name}`, async () => {
    const { weights, exact, state, groups } = REFERENCE.adamw[name];
    const owned = parameters();
    const optimizer = make(owned);
    for (let step = 0; step < STEPS; step++) {
      optimizer.zeroGrad();
      setGradients(owned, step);
      optimizer.step();
    }
    for (const [i, w] of owned.entries()) {
      const found = await every(w);
      assertClose(found, weights[i], 1e-6, `weights ${i} of torch in float32:`);
      assertClose(found, exact[i], 1e-6, `weights ${i} of torch in float64:`);
    }
    for (const [key, tensor] of optimizer.stateDict()) {
      const expected = state[key] ?? [0];
      const found = await every(tensor);
      if (key.startsWith("step")) assertEquals(found, expected, key);
      else if (state[key]) assertClose(found, expected, 1e-6, key);
      else assertEquals(found, found.map(() => 0), key);
    }
    const settings = optimizer.paramGroups().map(({ settings }) => settings);
    assertEquals(settings, groups.map((group) => ({ ...group, foreach: null })) as never);
    assertEquals(optimizer.paramGroups().flatMap(({ params }) => params), [0, 1, 2, 3, 4]);
    optimizer.dispose();
    for (const w of owned) w.dispose();
  });
}

Deno.test("AdamW corrects its averages after thousands of steps as exactly as after one", async () => {
  const [w, ...others] = parameters();
  const optimizer = new AdamW([w], { lr: 1, weightDecay: 0 });
  for (const steps of [0, 9, 99, 999, 9999, 99999]) {
    const start = await w.data();
    const [m, v] = [0.25, 0.5];
    optimizer.loadStateDict(
      new Map([
        ["exp_avg.0", { shape: [3], data: new Float32Array(3).fill(m) }],
        ["exp_avg_sq.0", { shape: [3], data: new Float32Array(3).fill(v) }],
        ["step.0", { shape: [], data: Float32Array.of(steps) }],
      ]),
    );
    setGradients([w], 0);
    optimizer.step();
    optimizer.zeroGrad();
    const g = values("g0.0", [3]);
    const c1 = 1 - 0.9 ** (steps + 1);
    const c2 = 1 - 0.999 ** (steps + 1);
    const moved = start.map((value, i) => {
      const [first, second] = [0.9 * m + 0.1 * g[i], 0.999 * v + 0.001 * g[i] ** 2];
      return value - first / c1 / (Math.sqrt(second / c2) + 1e-8);
    });
    assertClose(await w.data(), moved, 5e-7, `after ${steps} steps:`);
  }
  for (const each of [optimizer, w, ...others]) each.dispose();
});

Deno.test("AdamW.setLr() keeps the proportions of groups, also in recorded steps", async () => {
  const [eager, replayed] = [parameters(), parameters()];
  const make = ([a, b]: Tensor[]) =>
    new AdamW([{ params: [a], lr: 0.2 }, { params: [b] }], { lr: 0.1 });
  const optimizers = [make(eager), make(replayed)];
  const run = (owned: Tensor[], optimizer: AdamW) => {
    optimizer.zeroGrad();
    owned[0].mul(owned[0]).sum().add(owned[1].mul(owned[1]).sum()).backward();
    optimizer.step();
  };
  const rates = [0.1, 0.1, 0.01, 0.02];
  for (const lr of rates) {
    optimizers[0].setLr(lr);
    run(eager, optimizers[0]);
  }
  const recording = await gpu.record(() => run(replayed, optimizers[1]));
  for (const lr of rates.slice(1)) {
    optimizers[1].setLr(lr);
    recording.replay();
  }
  assertEquals(optimizers[1].paramGroups().map(({ settings }) => settings.lr), [0.04, 0.02]);
  for (const i of [0, 1]) assertEquals(await replayed[i].data(), await eager[i].data());
  recording.dispose();
  for (const each of [...optimizers, ...eager, ...replayed]) each.dispose();
});

Deno.test("AdamW goes on from its state, bit for bit", async () => {
  const weights = async (restart: boolean) => {
    let owned = parameters();
    let optimizer = CASES.groups(owned);
    for (let step = 0; step < 5; step++) {
      if (restart && step === 3) {
        const entries = await Promise.all(
          [...optimizer.stateDict()].map(async ([name, state]) => {
            return [name, {
              shape: state.shape,
              data: await state.data() as Float32Array,
            }] as const;
          }),
        );
        const saved = await Promise.all(owned.map((w) => w.data()));
        for (const each of [optimizer, ...owned]) each.dispose();
        owned = parameters();
        owned.forEach((w, i) => w.copy_(saved[i]));
        optimizer = CASES.groups(owned);
        optimizer.loadStateDict(new Map(entries));
      }
      setGradients(owned, step);
      optimizer.step();
      optimizer.zeroGrad();
    }
    const found = await Promise.all(owned.map((w) => w.data()));
    for (const each of [optimizer, ...owned]) each.dispose();
    return found;
  };
  assertEquals(await weights(true), await weights(false));
});

Deno.test({
  name: "AdamW with a GradScaler skips bad steps, and counts good ones alone",
  ignore: !gpu.half,
}, async () => {
  const [scaled, plain] = [parameters(), parameters()];
  const optimizers = [scaled, plain].map((owned) => new AdamW(owned, { lr: 0.01 }));
  const scaler = new GradScaler(gpu, { initScale: 256 });
  for (const [step, bad] of [false, true, false, false].entries()) {
    setGradients(scaled, step, bad ? Infinity : 256 / 2 ** Number(step > 1));
    scaler.step(optimizers[0]);
    if (!bad) {
      setGradients(plain, step);
      optimizers[1].step();
    }
    for (const optimizer of optimizers) optimizer.zeroGrad();
  }
  for (const [i, w] of scaled.entries()) assertEquals(await w.data(), await plain[i].data());
  assertEquals(await optimizers[0].stateDict().get("step.1")!.item(), 3);
  for (const each of [...optimizers, ...scaled, ...plain, scaler]) each.dispose();
});

Deno.test("AdamW gives its memory back", () => {
  endStep();
  const before = gpu.account.inUse;
  const owned = parameters();
  const optimizer = CASES.groups(owned);
  setGradients(owned, 3);
  optimizer.step();
  for (const each of [optimizer, ...owned]) each.dispose();
  assertEquals(gpu.account.inUse, before);
});

Deno.test("AdamW refuses what it does not have", () => {
  const owned = parameters();
  const make = (options: object) => () => new AdamW(owned, { lr: 0.1, ...options } as AdamWOptions);
  assertThrows(make({ amsgrad: true }), RangeError, "AdamW has no amsgrad yet");
  assertThrows(
    make({ maximize: true }),
    TypeError,
    "AdamW() has no option maximize; it has lr, betas",
  );
  assertThrows(make({ betas: [0.9, 1] }), RangeError, "betas 0.9, 1; wanted are two numbers");
  assertThrows(make({ betas: [0.9] }), RangeError, "betas 0.9;");
  assertThrows(make({ eps: -1 }), RangeError, "eps -1");
  assertThrows(make({ weightDecay: NaN }), RangeError, "weight decay NaN");
  const groups = [{ params: owned, momentum: 0.9 } as ParameterGroup<AdamWOptions>];
  assertThrows(() => new AdamW(groups, { lr: 0.1 }), TypeError, "no option momentum");
  const mixed = [owned[0], { params: [owned[1]] }] as Tensor[];
  assertThrows(() => new AdamW(mixed, { lr: 0.1 }), RangeError, "give one of both");
  const optimizer = new AdamW(owned, { lr: 0.1 });
  const foreign = new Map(SHAPES.map((shape, i) => {
    return [`momentum_buffer.${i}`, { shape, data: values("m", shape) }];
  }));
  assertThrows(() => optimizer.loadStateDict(foreign), RangeError, "exp_avg.0 is missing");
  for (const each of [optimizer, ...owned]) each.dispose();
});
